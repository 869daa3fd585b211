"""Writing a crate: a folder or an archive with every file and the graph, without dates of today.

Files are copied as the seal lists them, and hashed as they are copied: what the graph says is what
is there. Two exports of the same results have the same bytes.
"""

import hashlib
import shutil
import zipfile
from pathlib import Path

from twotower.audits.crate import entities as terms
from twotower.audits.crate import graph
from twotower.audits.crate.story import Held, Story
from twotower.base import places
from twotower.base.errors import ExpectedError
from twotower.records.commits import code_files

CHUNK = 1 << 20
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip archive can tell


class CrateError(ExpectedError):
    """The crate cannot be written; the message says what stands in the way."""


def held_text(kind: str, text: str) -> Held:
    """What the graph says of a file that the export itself writes."""
    content = text.encode()
    return Held(kind, len(content), hashlib.sha256(content).hexdigest())


def write(story: Story, texts: dict[str, str], found_at: dict[str, Path], to: Path) -> str:
    """Write the crate; an earlier one in its place is replaced once the new one is whole.

    Args:
        story: what to tell.
        texts: files that stand in no project, by path; `story.files` holds them too.
        found_at: where the other files of the story are copied from.
        to: a folder that is absent, empty, or an earlier crate.

    Returns:
        The SHA-256 of ro-crate-metadata.json, which stands for the whole crate.

    Raises:
        CrateError: if `to` holds something else, or a file is not as the story says.
    """
    check_place(to)
    draft = draft_of(to)
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for path, held in sorted(story.files.items()):
            if not held.is_here:
                continue
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            if path in texts:
                (draft / path).write_bytes(texts[path].encode())
            elif _copy(found_at[path], draft / path) != held.sha256:
                raise CrateError(
                    f"{path} changed since it was sealed: `make verify` says what else did, "
                    "`make resume` makes results anew, `make seal` seals them"
                )
        graph.build(story).metadata.write(draft)
        shutil.rmtree(to, ignore_errors=True)
        draft.rename(to)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return hashlib.sha256((to / terms.METADATA).read_bytes()).hexdigest()


def pack(folder: Path, archive: Path) -> None:
    """Put a crate into one zip archive: the same bytes for the same crate, whatever the clock."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLIEST)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as content, file.open(entry, "w", force_zip64=True) as packed:
                shutil.copyfileobj(content, packed, CHUNK)


def draft_of(to: Path) -> Path:
    """Where a crate is written until it is whole."""
    return to.with_name(f".{to.name}.draft")


def check_place(to: Path) -> None:
    """Check that a crate may be put here; raises CrateError."""
    place, here = to.resolve(), Path.cwd().resolve()
    inside = place.relative_to(here).parts if place.is_relative_to(here) else ()
    own = {*code_files.CODE, places.RESULTS.name}
    # hidden folders are tools' own, such as git's
    taken = bool(inside) and (inside[0] in own or inside[0].startswith("."))
    if place == here or place in here.parents or taken:
        raise CrateError(f"{to}: the project or its results lie there; allowed: a new folder")
    if to.exists() and not to.is_dir():
        raise CrateError(f"{to}: this is a file; allowed: a folder, such as results-crate")
    if to.is_dir() and any(to.iterdir()) and not (to / terms.METADATA).is_file():
        raise CrateError(f"{to} holds something else than a crate; allowed: a new folder")


def _copy(source: Path, target: Path) -> str:
    """Copy a file's bytes; returns their SHA-256."""
    total = hashlib.sha256()
    try:
        with source.open("rb") as file, target.open("wb") as copy:
            while chunk := file.read(CHUNK):
                total.update(chunk)
                copy.write(chunk)
    except FileNotFoundError:
        raise CrateError(
            f"{source} is gone since it was sealed; `make resume` makes results anew"
        ) from None
    return total.hexdigest()
