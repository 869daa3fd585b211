"""Records of runs: study, commit and changes, and what is refused."""

import os
import shutil
import subprocess

import pytest

from twotower.base import places
from twotower.records import environment, run_records
from twotower.records.commits import code_files
from twotower.records.reading import canonical


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with a study and a script."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "PROJECT", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/train.py").write_text("first\n")
    (tmp_path / "study.yaml").write_text("seed: 1\n")
    git("init", "-q")
    git("add", "scripts")
    git(*AUTHOR, "commit", "-qm", "All.")
    return tmp_path


AUTHOR = ("-c", "user.name=x", "-c", "user.email=x@example.org")


def git(*arguments):
    done = subprocess.run(["git", *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def started(**changes):
    study = {"file": "study.yaml", "given": {}, "content": {"seed": 1}, "settings": {"seed": 1}}
    return run_records.start(study | changes, ["b", "a"])


def test_a_run_names_study_commit_and_changes(project):
    (project / "scripts/train.py").write_text("second\n")
    (project / "scripts/new.py").write_bytes(b"new\0\n")
    run = run_records.read(started())
    assert run["commit"] == git("rev-parse", "HEAD")
    assert (run["targets"], run["study"]["file"]) == (["a", "b"], "study.yaml")
    assert environment.read(run["environment"]) is not None
    kept = (project / run["diff"]["file"]).absolute()
    git("stash", "-q", "--include-untracked", "--", "scripts", "study.yaml")
    git("apply", str(kept))
    assert (project / "scripts/train.py").read_text() == "second\n"
    assert (project / "scripts/new.py").read_bytes() == b"new\0\n"
    assert (project / "study.yaml").read_text() == "seed: 1\n"


def test_a_study_that_git_ignores_is_among_the_changes(project):
    (project / ".git/info/exclude").write_text("study.yaml\n")
    diff = (project / run_records.read(started())["diff"]["file"]).read_text()
    assert "+++ b/study.yaml" in diff and "+seed: 1" in diff


def test_changes_that_git_cannot_tell_are_not_recorded_as_none(project):
    tree = git("rev-parse", "HEAD^{tree}")
    (project / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(run_records.git.GitError):
        started()


def test_changes_are_told_whole_whatever_files_are_named_and_git_is_set(project):
    odd = os.fsdecode(b"scripts/caf\xe9.txt")
    (project / odd).write_text("1\n")
    (project / "scripts/train.py").write_text("second\n")
    git("init", "-q", "scripts/inner")
    (project / "scripts/inner/a.py").write_text("1\n")
    for setting in ("context=0", "noprefix=true", "mnemonicPrefix=true", "orderFile=nowhere"):
        git("config", *f"diff.{setting}".split("="))
    kept = (project / run_records.read(started())["diff"]["file"]).absolute()
    (project / "scripts/train.py").write_text("first\n")
    shutil.rmtree(project / "scripts/inner")
    for each in (odd, "study.yaml"):
        (project / each).unlink()
    git("apply", str(kept))
    assert (project / "scripts/train.py").read_text() == "second\n"
    assert (project / odd).read_text() == (project / "scripts/inner/a.py").read_text() == "1\n"


def hide_by_flag(project):
    git("update-index", "--skip-worktree", "scripts/train.py")


def hide_by_assumption(project):
    git("update-index", "--assume-unchanged", "scripts/train.py")


def hide_by_staging(project):
    """As edited in the index, and a replace ref and a graft stand for the commit."""
    (project / "scripts/train.py").write_text("second\n")
    git("add", "scripts/train.py")
    git(*AUTHOR, "commit", "-qm", "Edited.")
    edited = git("rev-parse", "HEAD")
    git("reset", "-q", "--soft", "HEAD~1")
    git("replace", "HEAD", edited)
    (project / ".git/info/grafts").write_text(f"{edited}\n")


def hide_by_blob(project):
    (project / "scripts/edited").write_text("second\n")
    new = git("hash-object", "-w", "scripts/edited")
    git("replace", git("rev-parse", "HEAD:scripts/train.py"), new)
    (project / "scripts/edited").unlink()


def hide_by_filter(project):
    (project / ".git/info/attributes").write_text("*.py filter=old\n")
    git("config", "filter.old.clean", "echo first; cat >/dev/null")


def hide_by_sparseness(project):
    (project / ".git/info").mkdir(exist_ok=True)
    (project / ".git/info/sparse-checkout").write_text("/config.yaml\n")
    git("config", "core.sparseCheckout", "true")
    git("update-index", "--skip-worktree", "scripts/train.py")


def hide_by_settings(project):
    for setting in ("trustctime=false", "checkStat=minimal", "ignoreStat=true", "autocrlf=input",
                    "attributesFile=.git/attributes"):  # fmt: skip
        git("config", *f"core.{setting}".split("="))
    (project / ".git/attributes").write_text("* -diff filter=old\n")


def hide_by_ignoring(project):
    (project / ".gitignore").write_text("*\n")


@pytest.mark.parametrize(
    "hide",
    [
        hide_by_flag, hide_by_assumption, hide_by_staging, hide_by_blob, hide_by_filter,
        hide_by_sparseness, hide_by_settings, hide_by_ignoring,
    ],
)  # fmt: skip
def test_an_edit_is_among_the_changes_whatever_git_is_made_to_believe(project, hide):
    place, times = project / "scripts/train.py", os.stat(project / "scripts/train.py")
    hide(project)
    place.write_text("other\n")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    index = (project / ".git/index").read_bytes()
    kept = (project / run_records.read(started())["diff"]["file"]).read_text()
    assert "-first\n+other\n" in kept
    assert (project / ".git/index").read_bytes() == index


def test_new_code_is_among_the_changes_where_git_ignores_it(project):
    for name in (".gitignore", ".git/info/exclude"):
        (project / name).write_text("*hidden*\n*.cfg\n")
    new = ("scripts/hidden.py", "hidden.py", "hidden/__init__.py", "GNUmakefile", "makefile",
           "profiles/default/hidden.cfg")  # fmt: skip
    for name in new:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("1\n")
    (project / "scripts/__pycache__").mkdir()
    (project / "scripts/__pycache__/hidden.pyc").write_text("1\n")
    (project / "docs.md").write_text("no code\n")
    kept = (project / run_records.read(started())["diff"]["file"]).read_text()
    added = [line[6:] for line in kept.splitlines() if line.startswith("+++ b/")]
    assert added == sorted([*new, "study.yaml"])


@pytest.mark.parametrize("name", ["4913", "__pycache__/train.cpython-311.pyc.140203"])
def test_files_that_go_while_the_code_is_read_are_none(project, monkeypatch, name):
    """An editor's, or Python's in a fresh checkout where two commands start at once."""
    gone, standing = project / "scripts" / name, code_files.standing
    monkeypatch.setattr(code_files, "standing", lambda place: [*standing(place), (gone, "")])
    commit = git("rev-parse", "HEAD")
    assert b"+seed: 1" in (found := code_files.changes(project, commit, "study.yaml"))
    assert gone.name.encode() not in found


def test_links_and_modes_are_among_the_changes_and_can_be_applied(project):
    place = project / "scripts/train.py"
    place.chmod(0o755)
    (project / "scripts/link.py").symlink_to("train.py")
    kept = (project / run_records.read(started())["diff"]["file"]).absolute()
    place.chmod(0o644)
    for each in ("scripts/link.py", "study.yaml"):
        (project / each).unlink()
    git("apply", str(kept))
    assert os.access(place, os.X_OK) and os.readlink(project / "scripts/link.py") == "train.py"
    place.chmod(0o644)
    git("config", "core.fileMode", "false")  # a file system without modes
    place.chmod(0o755)
    assert "mode" not in differing(project).replace("new file mode", "")


def differing(project):
    diff = run_records.read(started())["diff"]
    return (project / diff["file"]).read_text() if diff else ""


def test_what_a_clone_makes_of_the_commit_by_its_attributes_is_no_change(project):
    """Line ends as committed attributes ask for; those that a user's settings ask for are told."""
    (project / ".gitattributes").write_text("*.py text eol=crlf\n")
    git("add", ".gitattributes", "study.yaml")
    git(*AUTHOR, "commit", "-qm", "Line ends.")
    (project / "scripts/train.py").write_bytes(b"first\r\n")
    assert run_records.read(started())["diff"] is None
    (project / "study.yaml").write_bytes(b"seed: 1\r\n")
    git("config", "core.autocrlf", "true")
    kept = differing(project)
    assert "+++ b/study.yaml" in kept and "train.py" not in kept
    (project / "scripts/train.py").write_bytes(b"second\r\n")
    kept = (project / run_records.read(started())["diff"]["file"]).absolute()
    git("clone", "-q", "-c", "core.autocrlf=false", ".", "clone")
    git("-C", "clone", "apply", str(kept))
    for name in ("scripts/train.py", "study.yaml"):
        assert (project / "clone" / name).read_bytes() == (project / name).read_bytes()


def test_large_files_that_no_commit_holds_are_refused(project, monkeypatch):
    monkeypatch.setattr(code_files, "MOST_CHANGED", 1_000_000)
    (project / "scripts/large.bin").write_bytes(bytes(1_100_000))
    with pytest.raises(code_files.ChangesError, match="the largest is scripts/large.bin; .* 1 MB"):
        started()
    assert not run_records.RUNS.exists()


def test_a_repository_that_git_refuses_is_told(project, monkeypatch, capfd):
    (project / ".git/HEAD").write_text("nonsense")
    assert run_records.read(started())["commit"] is None
    told = capfd.readouterr().err
    assert "The commit is not recorded, so nobody can audit these results: " in told
    assert ".git: its HEAD names no branch and no commit; mend that" in told


def test_equal_runs_leave_one_record_and_other_settings_another(project):
    assert started() == started()
    assert len(run_records.names()) == 1
    started(settings={"seed": float("inf")}, given={"seed": float("inf")})
    assert len(run_records.names()) == 2


def test_without_a_repository_of_its_own_there_is_no_commit(project, monkeypatch):
    inner = project / "inner"
    (inner / "scripts").mkdir(parents=True)
    monkeypatch.setattr(places, "PROJECT", inner)
    run = run_records.read(started())
    assert (run["commit"], run["diff"]) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "--output=a"},
        {"commit": "HEAD"},
        {"commit": "0" * 39 + "\0"},
        {"targets": ["--snakefile=a"]},
        {"diff": {"file": "../a.diff", "sha256": "0" * 64}},
        {"diff": {"file": "/tmp/a.diff", "sha256": "0" * 64}},
        {"study": {"file": "../study.yaml"}},
        {"environment": "../../a"},
    ],
)
def test_a_run_that_names_what_is_nobodys_to_open_is_none(project, change):
    run = run_records.read(started())
    for changes, is_read in (({"targets": ["c"]}, True), (change, False)):
        changes = changes | {"study": run["study"] | changes.get("study", {})}
        name = run_records.digest(run | changes)
        written = canonical.text(run | changes, 2)
        (run_records.RUNS / f"{name}.json").write_text(written)
        assert (run_records.read(name) is not None) == is_read


def test_pipes_in_place_of_runs_and_environments_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, read in ((run_records.RUNS, run_records), (environment.ENVIRONMENTS, environment)):
        place.mkdir(parents=True)
        os.mkfifo(place / f"{'0' * 16}.json")
        assert read.read("0" * 16) is None
