"""Code against the commits of runs: what is told of code that is no recorded run's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from twotower.audits.seal import manifest
from twotower.audits.verify import commit
from twotower.audits.verify.evidence import gather
from twotower.audits.verify.findings import Verification
from twotower.base import places
from twotower.records import code_digest, job_records, run_records
from twotower.records.reading import canonical

RISKS, RATES = "results/risks/a.csv", "results/rates/a.csv"
TEXTS = {
    "Snakefile": "",
    "config.yaml": "seed: 1\n",
    "scripts/do.py": "import twotower.numbers\nimport twotower.records.kept\n",
    "scripts/twotower/__init__.py": "",
    "scripts/twotower/numbers.py": "FIRST = 1\n",
    "scripts/twotower/records/kept.py": "FIRST = 1\n",
    "workflow/rules/all.smk": 'rule do:\n    script:\n        "../../scripts/do.py"\n',
    ".gitignore": "results/\n",
}
NUMBERS, KEPT = "scripts/twotower/numbers.py", "scripts/twotower/records/kept.py"


def git(*arguments):
    about = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *about, *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def committed(**texts):
    write(**texts)
    git("add", "-A")
    git("commit", "-qm", "Edited.")


def write(**texts):
    for path, text in texts.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository of one commit, with a script, a module of numbers, and one of bookkeeping."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(places, "PROJECT", Path.cwd())
    git("init", "-q")
    committed(**TEXTS)
    return Path.cwd()


def run():
    study = {"file": "config.yaml", "given": {}, "content": {}, "settings": {}}
    return run_records.start(study, [])


def job(output):
    """Make an output and its record, by the code that is there."""
    write(**{output: "made\n"})
    code_digest.forget()
    made_from = {
        "rule": "do",
        "settings": "s",
        "inputs": {},
        "outputs": [output],
        "code": code_digest.code_digest(Path("scripts"), "do.py"),
        "bookkeeping": code_digest.bookkeeping_digest(Path("scripts"), "do.py"),
    }
    job_records.write(output, made_from)


def forged_run(name, change):
    """A run's record after a change, under the name that fits; returns that."""
    content = change(run_records.read(name))
    (run_records.RUNS / f"{name}.json").unlink()
    new = run_records.digest(content)
    (run_records.RUNS / f"{new}.json").write_text(canonical.text(content, 2))
    return new


def checked(name, project=None):
    sealed = manifest.build(".", {"file": "config.yaml", "settings": "", "run": name}, project)
    result = Verification()
    code_digest.forget()
    commit.check(gather(Path(), project or Path(), sealed), result)
    return result


def told(result):
    return {path: (each.verdict, each.reason) for path, each in result.wrong().items()}


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_code_that_is_the_commits_is_in_order(project, form):
    shutil.rmtree(".git")
    git("init", "-q", f"--object-format={form}")
    committed()
    name = run()
    job(RISKS)
    git("gc", "-q", "--prune=now")
    result = checked(name)
    assert not result.failed and not result.notes


@pytest.mark.parametrize("path", [NUMBERS, KEPT, "workflow/rules/all.smk", "config.yaml"])
def test_code_that_is_not_the_commits_is_a_fault_where_no_difference_is_recorded(project, path):
    name = run()
    Path(path).write_text("\n" + Path(path).read_text())
    write(**{"scripts/new.py": "1\n", "GNUmakefile": "all:\n"})
    job(RISKS)
    found = told(checked(name))
    verdict, reason = found.pop(path)
    assert verdict == "CHANGED" and reason.endswith("of the run, and the run recorded no change")
    assert found.pop("scripts/new.py")[0] == found.pop("GNUmakefile")[0] == "EXTRA"
    assert [each for each, _ in found.values()] == (["FORGED"] if path == NUMBERS else [])


def test_a_run_with_changes_is_held_against_commit_and_changes(project):
    write(**{KEPT: "SECOND = 2\n", NUMBERS: "SECOND = 2\n", "scripts/new.py": "1\n"})
    Path("Snakefile").unlink()
    name = run()
    job(RISKS)
    result = checked(name)
    assert not result.failed
    [note] = result.notes
    assert note.startswith(f"the run had changes beyond commit {git('rev-parse', 'HEAD')[:12]}: ")
    write(**{KEPT: "THIRD = 3\n", "Snakefile": ""})
    found = told(checked(name))
    assert found.keys() == {KEPT}  # an empty Snakefile is HEAD's
    assert found[KEPT][1].endswith("of the run, with the run's recorded changes")
    git("checkout", "-q", "--", ".")
    os.remove("scripts/new.py")
    result = checked(name)  # the project stands at its commit again
    assert not [path for path in told(result) if not path.startswith("results/")]


def test_changes_that_do_not_fit_or_are_too_many_are_forged(project, monkeypatch):
    write(**{KEPT: "SECOND = 2\n"})
    name = run()
    job(RISKS)
    diff = run_records.read(name)["diff"]["file"]
    monkeypatch.setattr(commit, "MOST_DIFFERENCE", 10)
    assert "more than a run records" in told(checked(name))[diff][1]
    monkeypatch.undo()
    monkeypatch.setattr(places, "PROJECT", project)
    monkeypatch.chdir(project)
    text = Path(diff).read_text().replace("-FIRST", "-OTHER")
    Path(diff).write_text(text)
    sha256 = run_records.files.sha256(diff)
    name = forged_run(name, lambda run: run | {"diff": {"file": diff, "sha256": sha256}})
    verdict, reason = told(checked(name))[diff]
    assert verdict == "FORGED" and reason.startswith("these changes do not fit commit")


def test_later_commits_are_a_note(project):
    name = run()
    job(RISKS)
    committed(**{KEPT: "SECOND = 2\n", "docs/a.md": "1\n", "scripts/more.py": "1\n"})
    Path("scripts/twotower/numbers.py").write_text("FIRST = 1\n")
    result = checked(name)
    first, now = git("rev-parse", "HEAD~1")[:12], git("rev-parse", "HEAD")[:12]
    assert not result.failed
    paths = f"scripts/more.py, {KEPT}"
    assert result.notes == [f"not as in commit {first}, of the run, but as in {now}: {paths}"]
    committed(**{KEPT: "THIRD = 3\n"})
    git("checkout", "-q", "HEAD~1")  # a folder that stands at a commit that is not this clone's
    copied = shutil.copytree(Path(), Path("../copied"), ignore=shutil.ignore_patterns(".git"))
    git("checkout", "-q", "-")
    assert f"as in {now}: {paths}" in checked(name, copied).notes[0]
    write(**{"../copied/Snakefile": "# edited\n"})
    assert "Snakefile" in told(checked(name, copied))


def test_a_commit_that_is_not_the_one_of_the_jobs_is_told(project):
    older = git("rev-parse", "HEAD")
    committed(**{NUMBERS: "SECOND = 2\n"})
    name = run()
    job(RISKS)
    assert not checked(name).failed
    name = forged_run(name, lambda run: run | {"commit": older})
    verdict, reason = told(checked(name))[RISKS]
    assert verdict == "FORGED" and "job do recorded is that of no recorded run" in reason


def test_results_of_an_earlier_run_have_that_runs_code(project):
    earlier = run()
    job(RISKS)
    committed(**{NUMBERS: "SECOND = 2\n"})
    name = run()
    job(RATES)
    assert not checked(name).failed
    forged_run(earlier, lambda run: run | {"commit": "1" * 40})
    result = checked(name)
    assert not result.failed
    [note] = result.notes
    assert note.startswith(f"{RISKS}: made by code that no commit here has; ")
    for path in run_records.names():
        if path != name:
            (run_records.RUNS / f"{path}.json").unlink()
    assert told(checked(name))[RISKS][0] == "FORGED"


def test_replaced_objects_and_hidden_edits_of_the_clone_are_not_believed(project):
    name = run()
    job(RISKS)
    write(**{KEPT: "SECOND = 2\n"})
    new = git("hash-object", "-w", KEPT)
    git("replace", git("rev-parse", f"HEAD:{KEPT}"), new)
    git("update-index", "--skip-worktree", KEPT)
    assert told(checked(name))[KEPT][0] == "CHANGED"


def test_line_ends_of_committed_attributes_are_in_order(project):
    committed(**{".gitattributes": "*.py text eol=crlf\n"})
    for path in ("scripts/do.py", NUMBERS, KEPT):
        Path(path).write_bytes(Path(path).read_bytes().replace(b"\n", b"\r\n"))
    name = run()
    job(RISKS)
    result = checked(name)
    assert not result.failed and not result.notes


def test_nothing_is_written_into_the_clone(project):
    write(**{KEPT: "SECOND = 2\n"})
    name = run()
    job(RISKS)
    git("commit", "-qam", "Kept.")
    before = {path: path.read_bytes() for path in Path(".git").rglob("*") if path.is_file()}
    assert not checked(name).failed
    after = {path: path.read_bytes() for path in Path(".git").rglob("*") if path.is_file()}
    assert after == before
