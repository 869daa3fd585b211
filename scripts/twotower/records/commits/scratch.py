"""A repository for a moment: an index of its own over the objects of another repository.

It has none of the settings, flags, filters, attributes, replace refs and grafts by which a
repository, or a user, can make git show files otherwise than they are. Nothing is written into the
other repository.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from twotower.records import git

LINK, REPOSITORY = "120000", "160000"
"""git's modes of a link, and of a repository within another one."""
MODES = {False: "100644", True: "100755"}
"""git's modes of a file, by whether it can be run."""

Entries = dict[str, tuple[str, str]]
"""By path, mode and blob of each file: the blob is git's hash of its bytes."""

_PLAIN = ("-c", f"core.attributesFile={os.devnull}", "-c", "core.symlinks=false")
_NOBODYS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "0",
            "GIT_CONFIG_PARAMETERS": "", "GIT_ATTR_NOSYSTEM": "1"}  # fmt: skip


@contextmanager
def scratch(project: Path) -> Iterator["Scratch"]:
    """An empty index over the objects of a project's repository.

    Raises:
        GitError: if git gives no answer.
    """
    asked = "rev-parse", "--show-object-format", "--git-path", "objects"
    form, place = os.fsdecode(git.output(project, *asked)).rstrip("\n").split("\n", 1)
    with tempfile.TemporaryDirectory(prefix="tower-rates-") as work:
        made = Scratch(Path(work, "code"))
        made.ask("init", "--quiet", "--template=", f"--object-format={form}")
        borrowed = made.folder / ".git/objects/info/alternates"
        borrowed.parent.mkdir(exist_ok=True)
        borrowed.write_bytes(os.fsencode((project / place).resolve()) + b"\n")
        yield made


class Scratch:
    """See `scratch`; `folder` is where files are checked out."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder

    def ask(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git prints here."""
        alone = {**_NOBODYS, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        return git.output(self.folder, *_PLAIN, *arguments, given=given, variables=alone)

    def load(self, commit: str) -> None:
        """Fill the index with the files of a commit."""
        self.ask("read-tree", commit)

    def apply(self, difference: bytes) -> None:
        """Change the index as a difference says, in the form of `difference`.

        Raises:
            GitError: if it does not fit.
        """
        self.ask("apply", "--cached", "--whitespace=nowarn", "--", "-", given=difference)

    def entries(self) -> Entries:
        """The files of the index."""
        rows = os.fsdecode(self.ask("ls-files", "--stage", "-z")).split("\0")
        parted = (row.split("\t", 1) for row in rows if row)
        return {path: (about.split()[0], about.split()[1]) for about, path in parted}

    def put(self, changed: Mapping[str, tuple[str, bytes] | None]) -> None:
        """Give files of the index another mode and other bytes; None takes a file out."""
        held = self.folder.parent / "held"
        held.mkdir()
        new = {path: each for path, each in changed.items() if each}
        for number, (_, content) in enumerate(new.values()):
            (held / str(number)).write_bytes(content)
        named = "".join(f"{held / str(number)}\n" for number in range(len(new)))
        asked = "hash-object", "-w", "--no-filters", "--stdin-paths"
        blobs = self.ask(*asked, given=os.fsencode(named)).decode().split()
        rows = [f"0 {'0' * 40}\t{path}\0" for path, each in changed.items() if not each]
        for (path, (mode, _)), blob in zip(new.items(), blobs, strict=True):
            rows.append(f"{mode} {blob}\t{path}\0")
        given = os.fsencode("".join(rows))
        self.ask("update-index", "--replace", "-z", "--index-info", given=given)

    def difference(self, commit: str) -> bytes:
        """What the index has otherwise than a commit, as `git apply` takes it."""
        form = ("--cached", "--patch", "--unified=3", "--binary", "--full-index", "--no-renames",
                "--no-color", "--no-ext-diff", "--no-textconv")  # fmt: skip
        return self.ask("diff-index", *form, commit)

    def check_out(self, paths: Iterable[str]) -> None:
        """Write files of the index below `folder` as a clone would have them.

        Only attributes that are committed change their bytes; links are written as their text.
        """
        given = os.fsencode("".join(f"{path}\0" for path in paths))
        self.ask("checkout-index", "--force", "--quiet", "-z", "--stdin", given=given)
