"""Who may catch a cheat by a command, given in a clone that the author cannot write.

The clone is made of what the author published: it has the author's commits, and stands at the
first. What is in the folder of the study is not run, but where the cheat is on the author's own
command.
"""

import os
import shutil
import subprocess
from pathlib import Path

from forging import SIGNERS, STUDY, Forgery, warm_python

PATIENCE = 30
CRATE = "results-crate"
NOTED = "key-noted"  # holds the SHA-256 of the crate's graph as it was published
COMMANDS: dict[str, tuple[bool, bool, list[str]]] = {
    "clone": (True, True, ["scripts/verify.py", "--folder", "{folder}", "--signers", "{signers}"]),
    "told": (True, False, ["scripts/verify.py", "--folder", "{folder}", "--signers", "{signers}"]),
    "left_out": (True, False, ["scripts/verify.py", "--folder", "{folder}", "--without", "tables"]),
    "crate": (True, True, ["scripts/check_crate.py", "{folder}/" + CRATE]),
    "empty_root": (True, True, ["scripts/verify.py", "--folder", "{folder}", "--root="]),
    "noted_hash": (True, True, ["scripts/check_crate.py", "--sha256={noted}", "{folder}/" + CRATE]),
    "empty_hash": (True, True, ["scripts/check_crate.py", "--sha256=", "--", "{folder}/" + CRATE]),
    "publish": (False, True, ["scripts/publish_findings.py", STUDY, "findings"]),
    "export": (False, True, ["scripts/export.py", CRATE]),
}
"""By catcher: whether in the clone or in the author's folder, whether it must end with an error,
and what is called."""

TOLD = {
    "clone": "verify, in a clone", "told": "a note of verify, in a clone",
    "left_out": "verify WITHOUT=tables", "empty_root": "verify", "crate": "check-crate",
    "noted_hash": "check-crate, noted SHA-256", "empty_hash": "check-crate", "publish": "findings",
}  # fmt: skip
"""By catcher, what the docs call it."""


def said_by(study: Forgery, catcher: str) -> tuple[bool, str]:
    """Whether a command ended as it must where it finds a cheat, and all that it printed."""
    in_clone, ends, command = COMMANDS[catcher]
    clone = trusted(study)
    later = ["git", "fetch", "-q", study.folder, "+refs/heads/*:refs/remotes/origin/*"]
    subprocess.run(later, cwd=clone, capture_output=True)  # some cheats break their git
    # the signers as the auditor knows them
    shutil.copy2(study.folder / SIGNERS, clone / SIGNERS)
    noted = study.read(NOTED).decode("ascii") if (study.folder / NOTED).is_file() else ""
    about = {"folder": study.folder, "signers": clone / SIGNERS, "noted": noted}
    given = [each.format(**about) for each in command]
    place = clone if in_clone else study.folder
    try:
        done = subprocess.run(
            [warm_python.python(), "-B", *given], cwd=place, capture_output=True,
            encoding="utf-8", errors="replace", timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, f"it did not end in {PATIENCE} s"
    said = done.stdout + done.stderr
    if "Traceback" in said:
        return False, said
    return done.returncode != 0 if ends else True, said


def trusted(study: Forgery) -> Path:
    """A clone of what the author published, at its first commit."""
    place = study.folder.parent / f"{study.folder.name}-clone"
    if not place.exists():
        bare = os.environ | {"GIT_NO_REPLACE_OBJECTS": "1"}
        asked = ["git", "clone", "-q", "--no-local", "--no-checkout", study.folder, place]
        subprocess.run(asked, check=True, env=bare, capture_output=True)
        roots = ["git", "rev-list", "--max-parents=0", "HEAD"]
        (root,) = subprocess.check_output(roots, cwd=place, encoding="ascii").split()[-1:]
        subprocess.run(["git", "checkout", "-q", root], cwd=place, check=True, capture_output=True)
    return place
