"""Digests of code: they follow what a script leads to, and nothing else."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from twotower.records.code_digest import (
    BOOKKEEPING,
    CodeError,
    bookkeeping_digest,
    code_digest,
    digests,
    flat_digest,
    forget,
)

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.fixture
def scripts(tmp_path):
    """A copy of scripts/ whose files may be edited."""
    return Path(shutil.copytree(SCRIPTS, tmp_path / "scripts"))


@pytest.fixture
def tree(tmp_path):
    """A small library: the script imports wing.a, that imports b, c and wing.d stand alone."""
    package = tmp_path / "twotower"
    (package / "wing" / "inner").mkdir(parents=True)
    for folder in (package, package / "wing", package / "wing" / "inner"):
        (folder / "__init__.py").write_text(f'"""{folder.name}."""\n')
    for name, text in {
        "wing/a": "def f():\n    from twotower.b import g\n    return g()\n",
        "b": "import twotower.wing.a\nimport numpy\n\ndef g():\n    return 1\n",
        "c": "X = 1\n",
        "wing/d": "X = 1\n",
        "wing/inner/e": "X = 1\n",
    }.items():
        (package / f"{name}.py").write_text(text)
    (package / "wing" / "inner" / "twin").mkdir()
    for place in ("twin.py", "twin/__init__.py"):
        (package / "wing" / "inner" / place).write_text("X = 1\n")
    (tmp_path / "helper.py").write_text("X = 1\n")
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage" / "script.py").write_text("from twotower.wing import a\n")
    return tmp_path


def digest(folder: Path, script: str = "stage/script.py") -> str:
    forget()  # it reads a file once a process
    return code_digest(folder, script)


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n# edited\n")


@pytest.mark.parametrize(
    ("module", "follows"),
    [
        ("stage/script", True),
        ("twotower/wing/a", True),
        ("twotower/b", True),
        ("twotower/__init__", True),
        ("twotower/wing/__init__", True),
        ("twotower/c", False),
        ("twotower/wing/d", False),
        ("twotower/wing/inner/__init__", False),
    ],
)
def test_follows_imports_at_any_depth_and_in_circles(tree, module, follows):
    before = digest(tree)
    edit(tree / f"{module}.py")
    assert (digest(tree) != before) is follows


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("from twotower.c import X", ["c"]),
        ("import twotower.c", ["c"]),
        ("import twotower.c as d", ["c"]),
        ("from twotower import c as d", ["c"]),
        ("from twotower.wing import d", ["wing/d", "wing/__init__"]),
        ("from twotower.wing.d import X", ["wing/d", "wing/__init__"]),
        ("import twotower.wing.d", ["wing/d", "wing/__init__"]),
        (
            "from twotower.wing.inner.e import X",
            ["wing/inner/e", "wing/inner/__init__", "wing/__init__"],
        ),
    ],
)
def test_every_spelling_of_an_import_counts(tree, line, modules):
    (tree / "stage" / "script.py").write_text(f"if True:\n    {line}\n")
    for module in modules:
        before = digest(tree)
        edit(tree / "twotower" / f"{module}.py")
        assert digest(tree) != before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\nfrom . import a\n", "line 2: a relative import, which digests do not follow"),
        ("\nfrom twotower.wing import z\n", ":2: no module twotower.wing.z stands in"),
        ("\nfrom twotower.wing.z import X\n", ":2: no module twotower.wing.z"),
        ("\nfrom twotower.wing import inner\n", ":2: twotower.wing.inner is a package; name"),
        ("\nimport twotower\n", ":2: twotower is a package; name the module"),
        ("\nimport helper\n", ":2: helper stands outside twotower; move it there"),
        ("\nfrom twotower.wing.inner import twin\n", "twin.py hides behind the package"),
        ("\nimport twotower.z\n", ":2: no module twotower.z stands in"),
        ("\nimport twotower.wing.a.z\n", ":2: no module twotower.wing.a.z stands in"),
        ("from twotower import (\n", "was never closed"),
        ("\0", "null bytes"),
        (None, "no such file"),
    ],
)
@pytest.mark.parametrize("place", ["stage/script.py", "twotower/b.py"])
def test_what_no_digest_covers_is_refused_with_its_place(tree, text, told, place):
    (tree / place).unlink() if text is None else (tree / place).write_text(text)
    if (text, place) == (None, "twotower/b.py"):  # missed where it is imported
        told, place = ":2: no module twotower.b.g stands in", "twotower/wing/a.py"
    with pytest.raises(CodeError, match=re.escape(told)) as raised:
        digest(tree)
    assert place in str(raised.value)


def test_a_rule_whose_script_lost_a_module_is_not_left_out(tree):
    (tree / "workflow" / "rules").mkdir(parents=True)
    rule = 'rule do:\n    script:\n        "../../scripts/stage/script.py"\n'
    (tree / "workflow" / "rules" / "do.smk").write_text(rule)
    (tree / "scripts").symlink_to(tree)
    assert list(digests(tree)) == ["stage/script.py"]
    (tree / "twotower" / "b.py").unlink()
    forget()
    with pytest.raises(CodeError, match=r"no module twotower\.b\.g"):
        digests(tree)


@pytest.fixture
def kept(tree):
    """The small library with records, which import wing.d, and c, which the script imports too."""
    (tree / "twotower" / "records").mkdir()
    (tree / "twotower" / "records" / "__init__.py").write_text('"""Records."""\n')
    keep = "from twotower.wing import d\nfrom twotower import c\n"
    (tree / "twotower" / "records" / "keep.py").write_text(keep)
    lines = "from twotower.wing import a\nfrom twotower import c\nfrom twotower.records import keep"
    (tree / "stage" / "script.py").write_text(lines)
    return tree


@pytest.mark.parametrize(
    ("module", "numerical"),
    [
        ("twotower/records/keep", False),
        ("twotower/records/__init__", False),
        ("twotower/wing/d", False),  # reached through bookkeeping alone
        ("twotower/c", True),  # reached both ways
        ("twotower/wing/__init__", True),
        ("twotower/b", True),
        ("stage/script", True),
    ],
)
def test_a_module_counts_in_one_of_two_digests(kept, module, numerical):
    def both():
        forget()
        script = "stage/script.py"
        return code_digest(kept, script), bookkeeping_digest(kept, script)

    before = both()
    edit(kept / f"{module}.py")
    code, bookkeeping = both()
    assert (code != before[0], bookkeeping != before[1]) == (numerical, not numerical)


def test_broken_bookkeeping_leaves_the_digest_of_code(kept):
    before = digest(kept)
    (kept / "twotower" / "records" / "keep.py").write_text("from twotower import (\n")
    assert digest(kept) == before
    with pytest.raises(CodeError, match="was never closed"):
        bookkeeping_digest(kept, "stage/script.py")


def test_bookkeeping_is_there_and_holds_nothing_that_shapes_a_file_or_a_number():
    assert all((SCRIPTS / place).exists() for place in BOOKKEEPING)
    shaping = ("files", "identity", "seeds", "tensors", "pins", "commands", "values", "strict_yaml")
    assert not [name for name in shaping if f"twotower/base/{name}.py".startswith(BOOKKEEPING)]


def test_older_records_name_all_of_a_flat_library_by_its_modules(tmp_path):
    """SHA-256 over name, size and text, as the records before this library's packages have it."""
    texts = {
        "do.py": "from twotower import a\n",
        "twotower/__init__.py": "",
        "twotower/a.py": "import twotower.records\n",
        "twotower/records.py": "X = 1\n",
    }
    (tmp_path / "twotower").mkdir()
    for path, text in texts.items():
        (tmp_path / path).write_text(text)
    names = ["a", "do.py", "records", "twotower"]
    parts = [texts[path] for path in
             ("twotower/a.py", "do.py", "twotower/records.py", "twotower/__init__.py")]  # fmt: skip
    whole = "".join(f"{n}\0{len(t)}\0{t}" for n, t in zip(names, parts, strict=True))
    assert flat_digest(tmp_path, "do.py") == hashlib.sha256(whole.encode()).hexdigest()[:16]


def test_moving_text_between_modules_changes_the_digest(tree):
    before = digest(tree)
    a, b = (tree / "twotower" / name for name in ("wing/a.py", "b.py"))
    first, second = a.read_text(), b.read_text()
    a.write_text(second)
    b.write_text(first)
    assert digest(tree) != before


def test_place_and_time_do_not_matter(scripts):
    assert digest(scripts, "towers/train.py") == digest(SCRIPTS, "towers/train.py")
    assert len(digest(scripts, "towers/train.py")) == 16


@pytest.mark.parametrize(
    ("module", "retrains"),
    [
        ("towers/training", True),
        ("towers/networks", True),
        ("base/seeds", True),
        ("base/files", True),
        ("base/__init__", True),
        ("rates/slopes", False),
        ("report/curves", False),
        ("records/job_records", False),
        ("records/job_log", False),
        ("records/__init__", False),
        ("base/errors", False),
        ("base/safe_names", False),
    ],
)
def test_editing_the_trainer_retrains_and_editing_fit_or_bookkeeping_does_not(
    scripts, module, retrains
):
    before = digest(scripts, "towers/train.py")
    edit(scripts / "twotower" / f"{module}.py")
    assert (digest(scripts, "towers/train.py") != before) is retrains


def test_every_script_has_a_digest(scripts):
    made = [path for path in sorted(scripts.rglob("*.py")) if "twotower" not in path.parts]
    found = [digest(scripts, path.relative_to(scripts).as_posix()) for path in made]
    assert len(set(found)) == len(found)
