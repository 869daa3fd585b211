"""The code that is there, and the code of each job, against the commits that runs recorded.

Commits are those of the clone that verifies, never of a repository in the folder that is looked at.
Where this project is itself a copy below a clone, such as an exported crate, the clone's count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import places, words
from twotower.base.errors import ExpectedError
from twotower.records import code_digest, git
from twotower.records.commits import code_files
from twotower.records.commits.scratch import Entries, Scratch, scratch

MOST_DIFFERENCE = 8 * code_files.MOST_CHANGED
"""Bytes of a run's difference: as text a change has at most some times the bytes of its files."""
MOST_RUNS = 20
"""Recorded runs of other code, among which the code of a job is sought: half a second each."""
SOUGHT = 200
"""Commits, the newest first, among which the one is sought at which a folder's project stands."""


class _DifferenceError(ExpectedError):
    """The recorded difference is not there as recorded, or does not fit the commit."""


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on code that is no recorded run's, where this clone has the runs' commits."""
    run = evidence.run
    if run is None:
        return
    if run["commit"] is None:
        result.notes.append(
            "the run recorded no commit of its code: git gave no commit when the run started"
        )
        return
    name, diff = run["commit"][:12], run["diff"]
    if diff:
        result.notes.append(f"the run had changes beyond commit {name}: {diff['file']}")
    try:
        with _as_run(evidence, run) as there:
            same = _check_files(evidence, run, there, result)
            folder = evidence.project if same else _written(there)
            left = _of_no_run(evidence, folder, list(evidence.records))
    except git.GitError as error:
        told = f"the code was not compared with commit {name}, of the run: {error}"
        result.notes.append(told)
    except _DifferenceError as error:
        result.add(diff["file"], "FORGED", str(error))
    else:
        _check_jobs(evidence, run, left, result)


def _check_files(evidence: Evidence, run: dict, there: Scratch, result: Verification) -> bool:
    """Each file of code as the run had it, or all as another commit of this clone has them.

    Returns whether all are as the run had them.
    """
    study, digits = run["study"]["file"], len(run["commit"])
    wanted = _shown(there.entries(), study)
    sealed = evidence.sealed.files
    paths = [path for path in evidence.found if code_files.is_code(path) or path == study]
    found: Entries = {
        path: (wanted.get(path, ("",))[0], code_files.blob(evidence.project / path, digits))
        for path in paths
        if (evidence.project / path).is_file()
    }
    other = code_files.other(there, wanted, found, evidence.project)
    if not other:
        return True
    other = [path for path in other if path in found or path not in sealed]  # else told as missing
    name = run["commit"][:12]
    head = git.output(places.PROJECT, "rev-parse", "--verify", "HEAD").decode().strip()
    stands = _tree(head, study)
    left = [path for path in other if _blob(stands, path) != _blob(found, path)]
    at = head if not left else _stands_at(found, study)
    if at and other:
        told = words.named(other, 5)
        result.notes.append(f"not as in commit {name}, of the run, but as in {at[:12]}: {told}")
        return False
    changed = "with the run's recorded changes" if run["diff"] else "and the run recorded no change"
    for path in left:
        verdict, what = "CHANGED", "it is not as in"
        if path not in found:
            verdict, what = "MISSING", "it stands in"
        elif path not in wanted:
            verdict, what = "EXTRA", "code that does not stand in"
        result.add(path, verdict, f"{what} commit {name}, of the run, {changed}")
    return False


def _check_jobs(evidence: Evidence, run: dict, left: list[str], result: Verification) -> None:
    """Files made by other code than the sealed run's: another recorded run must have had it."""
    unknown, tried = [], {_code_of(run)}
    for name, another in sorted(evidence.runs.items()):
        if not left or another is None or _code_of(another) in tried or len(tried) > MOST_RUNS:
            continue
        tried.add(_code_of(another))
        try:
            if another["commit"] is None:
                raise git.NoCommitError(f"run {name} recorded no commit", "run again")
            with _as_run(evidence, another) as there:
                left = _of_no_run(evidence, _written(there), left)
        except git.GitError as error:
            unknown.append(error.reason)
        except _DifferenceError as error:
            result.add(another["diff"]["file"], "FORGED", str(error))
    if left and unknown:
        told = f"{several(left)}: made by code that no commit here has; {unknown[0]}"
        result.notes.append(told)
        return
    for path in left:
        rule = evidence.records[path]["rule"]
        reason = f"the code that its job {rule} recorded is that of no recorded run and its commit"
        result.add(path, "FORGED", reason)


def _code_of(run: dict) -> tuple[str | None, str]:
    return run["commit"], run["diff"]["sha256"] if run["diff"] else ""


@contextmanager
def _as_run(evidence: Evidence, run: dict) -> Iterator[Scratch]:
    """The code of a run's commit with its recorded difference.

    Raises:
        GitError: if this clone has no such commit, or git gives no answer.
        _DifferenceError: if the difference cannot be had or does not fit.
    """
    commit, diff = run["commit"], run["diff"]
    git.require(places.PROJECT, commit)
    with scratch(places.PROJECT) as there:
        there.load(commit)
        if diff:
            size, sha256 = evidence.found.get(diff["file"], (0, ""))
            if sha256 != diff["sha256"]:  # told with the run's record
                raise git.GitError(f"{diff['file']} is not as the run recorded it", "see above")
            if size > MOST_DIFFERENCE:
                raise _DifferenceError(f"its {size:,} bytes are more than a run records; not read")
            try:
                there.apply((evidence.folder / diff["file"]).read_bytes())
            except git.GitError as error:
                told = f"these changes do not fit commit {commit[:12]}, of the run"
                raise _DifferenceError(f"{told} ({error.reason})") from None
        yield there


def _written(there: Scratch) -> Path:
    """A folder with a run's code, as far as digests depend on it."""
    there.check_out(path for path in there.entries() if path.startswith(("scripts/", "workflow/")))
    return there.folder


def _of_no_run(evidence: Evidence, project: Path, outputs: list[str]) -> list[str]:
    """Of some outputs those whose recorded code is not that of a run, which a folder holds."""
    named = code_digest.scripts(project)

    def code(record: dict) -> str:
        new = record.get("bookkeeping")  # older records have one digest of all modules
        digest = code_digest.code_digest if new else code_digest.flat_digest
        try:
            return digest(project / "scripts", named[record["rule"]])
        except (KeyError, code_digest.CodeError, RecursionError, MemoryError):
            return ""

    sound = ((path, evidence.records[path]) for path in outputs)
    return [path for path, record in sound if record and record["code"] != code(record)]


def _stands_at(found: Entries, study: str) -> str:
    """The newest commit of this clone whose code is what was found, as a whole; "" for none."""
    asked = "log", "--all", "HEAD", f"--max-count={SOUGHT}", "--format=%H", "--", *code_files.CODE
    now = {path: blob for path, (_, blob) in found.items()}
    for commit in git.output(places.PROJECT, *asked).decode().split():
        if now == {path: blob for path, (_, blob) in _tree(commit, study).items()}:
            return commit
    return ""


def _tree(commit: str, study: str) -> Entries:
    """A commit's files of code by path, as this clone has them."""
    listed = git.output(places.PROJECT, "ls-tree", "-rz", "--full-tree", commit)
    parted = (row.split("\t", 1) for row in listed.decode("utf-8", "replace").split("\0") if row)
    entries = {path: (about.split()[0], about.split()[2]) for about, path in parted}
    return _shown(entries, study)


def _shown(entries: Entries, study: str) -> Entries:
    """Those of code, without hidden files, which no seal holds."""
    kept = code_files.of_code(entries, study).items()
    return {path: entry for path, entry in kept if not code_files.is_hidden(path)}


def _blob(entries: Entries, path: str) -> str:
    return entries[path][1] if path in entries else ""
