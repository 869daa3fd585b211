"""The pages of docs/ for a crate: their text, and the small figures that they show."""

import re
from pathlib import Path

LARGEST = 200_000  # bytes of a figure; larger ones stay in the repository

_FIGURE = re.compile(r"!\[[^\]]*\]\((images/[^/)\s]+\.png)\)")


def pages(project: Path) -> list[str]:
    """Paths of the pages in docs/ itself and of the small figures that they show, sorted."""
    texts = [path for path in (project / "docs").glob("*.md") if path.is_file()]
    figures = {
        path
        for text in texts
        for name in _FIGURE.findall(text.read_text(encoding="utf-8"))
        if (path := text.parent / name).is_file() and path.stat().st_size <= LARGEST
    }
    return sorted(path.relative_to(project).as_posix() for path in {*texts, *figures})
