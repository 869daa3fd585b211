"""README and docs/: links lead to a file and a heading, commands and studies exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
NAMING = ("scripts", "workflow", "benchmarks", "profiles", "tests", "envs")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    found, seen = set(), Counter()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def fault(page: Path, link: str) -> str:
    """What is wrong with a relative link on a page; empty if it leads somewhere."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    if not target.exists():
        return f"{page.name}: {link}: no such file"
    if anchor and anchor not in anchors(target):
        return f"{page.name}: {link}: no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    text = _CODE.sub("", _FENCED.sub("", page.read_text(encoding="utf-8")))
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    relative = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [said for link in relative if (said := fault(page, link))]


def test_pages_that_code_names_exist():
    """A message or comment that says docs/x.md, or docs/x.md#heading."""
    named = {}
    for path in [ROOT / "Makefile", *(p for part in NAMING for p in (ROOT / part).rglob("*"))]:
        if path.suffix in (".py", ".smk", ".yaml", ".rst", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            for link in re.findall(r"\bdocs/[a-z-]+\.md(?:#[a-z-]+)?", text):
                named.setdefault(link, path)
    pretended = {"docs/a.md", "docs/x.md"}  # of this and another test
    assert len(named) > 10
    assert not [
        f"{path}: {said}"
        for link, path in named.items()
        if link.partition("#")[0] not in pretended and (said := fault(ROOT / "x", link))
    ]


def test_every_page_stands_in_the_index():
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert not [name for name in pages if f"]({name})" not in index]


def test_every_command_and_study_that_a_page_names_exists():
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = _CODE.findall(text) + re.findall(r"^ {4}\S.*$", text, re.MULTILINE)
        for line in code:
            named = re.findall(r"(?:^|[`;] *| {4})make ([a-z][a-z-]*)(?![\w.-])", line)
            assert set(named) <= rules, f"{page.name}: {line}"
        for study in re.findall(r"workflow/studies/\w+\.yaml", text):
            assert (ROOT / study).is_file(), f"{page.name}: {study}"
