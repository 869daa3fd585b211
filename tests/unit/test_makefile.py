"""Every variable of the Makefile reaches its program as it was typed, whatever is in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from twotower.base import commands

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
RECIPES = re.sub(r"^#.*\n|##.*", "", TEXT, flags=re.MULTILINE)
ASKED = r"(?:^|\(|,|\(value |\(origin )([A-Z][A-Z0-9_]+)(?=[,)]| \?=)"
VARIABLES = sorted(set(re.findall(ASKED, RECIPES, re.MULTILINE)))
RULES = re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", RECIPES, re.MULTILINE)
TARGETS = [name for name, recipe in RULES if re.search(r"\$\((call |run|crate)", recipe)]
HOSTILE = [
    "a b", "it's", '"q"', "$HOME", "$$", "$(x)", "$(open", "${SHELL}", "(t)", "a;touch x", "a&b|c",
    "#c", "*", "\\", "a\\b\\", "t\tt", "-x", "--help", "é漢", "a=b,c", "`touch x`", "%", "~", ":",
    "{a,b}", "!1", "$(shell touch x)",
]  # fmt: skip
TELLS = '#!/bin/sh\nprintf \'%s\\n\' "$0" "$@" >> "$TOLD"\n'


@pytest.fixture
def folder(tmp_path):
    """The Makefile with programs that note their name and arguments, a line each."""
    shutil.copy2(ROOT / "Makefile", tmp_path / "Makefile")
    shutil.copytree(ROOT / "envs", tmp_path / "envs")
    for name in (".venv", ".venv-validator"):
        (tmp_path / name / "bin").mkdir(parents=True)
        for program in ("python", "ruff", "snakefmt"):
            (tmp_path / name / "bin" / program).write_text(TELLS)
            (tmp_path / name / "bin" / program).chmod(0o755)
        for made in ("installed", "installed-dev"):
            (tmp_path / name / made).touch()
    return tmp_path


def asked(folder, targets, values, by="arguments"):
    """What became of make, when it was given these values."""
    kept = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    words = [f"{name}={value}" for name, value in values.items()] if by == "arguments" else []
    return subprocess.run(
        ["make", "--silent", "--keep-going", *targets, *words],
        cwd=folder,
        env=kept | {"TOLD": str(folder / "told")} | ({} if words else values),
        capture_output=True,
        encoding="utf-8",
    )


def told(folder, targets, values, by="arguments"):
    """What the programs that make started were given."""
    done = asked(folder, targets, values, by)
    assert done.returncode == 0, done.stderr
    found = (folder / "told").read_text(encoding="utf-8").splitlines()
    (folder / "told").unlink()
    return found


def test_the_variables_are_found():
    known = {"STUDY", "PROFILE", "METHOD", "RISKS", "TO", "SHA256", "ENV", "PYTHON", "INSTANTS"}
    assert known <= set(VARIABLES)
    assert {"study", "report", "plan-data", "audit", "backtest", "findings"} <= set(TARGETS)


@pytest.mark.parametrize("by", ["arguments", "environment"])
def test_every_variable_arrives_as_it_was_typed(folder, by):
    """In each round every variable has another hostile value, with a mark of its own."""
    targets = sorted(set(TARGETS) - {"lock"})  # which needs a network, and PYTHON alone
    names = [name for name in VARIABLES if name != "PYTHON"]
    names = [name for name in names if name != "ENV" or by == "arguments"]
    for start in range(len(HOSTILE)):
        values = {
            name: f"{HOSTILE[(start + i) % len(HOSTILE)]}{i}z" for i, name in enumerate(names)
        }
        found = told(folder, targets, values, by)
        ends = {word.split("=", 1)[-1] for word in found} | set(found)
        words = [word for name in ("WITH", "WITHOUT") for word in values.pop(name).split()]
        assert {*values.values(), *words} - ends == set()
        assert not (folder / "x").exists()


def test_the_python_of_a_new_environment_may_lie_anywhere(folder):
    shutil.rmtree(folder / ".venv")
    for name in HOSTILE:
        program = folder / f"p{name}"
        program.write_text(TELLS)
        program.chmod(0o755)
        assert str(program) in told(folder, ["doctor", "check-crate"], {"PYTHON": str(program)})


@pytest.mark.parametrize("by", ["arguments", "environment"])
@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_was_given_and_is_empty_is_refused(folder, name, by):
    """By every target that hands it to a program; none drops it silently."""
    for program in folder.glob(".venv*/bin/python"):
        if name == "PYTHON":
            program.unlink()
    refused = []
    for target in sorted(set(TARGETS) - {"lock"}):
        needs = {"TARGET": "1"} if target == "plan-data" else {}
        for value in ("", " "):
            done = asked(folder, [target], needs | {name: value}, by)
            if said := f"{name}= is empty; allowed: a value; leave {name}= out" in done.stderr:
                refused.append(target)
                assert done.returncode
                assert not (folder / "told").exists(), "the recipe began"
            (folder / "told").unlink(missing_ok=True)
        if not said:
            done = asked(folder, [target], needs | {name: "m1z"}, by)
            there = folder / "told"
            assert "m1z" not in (there.read_text(encoding="utf-8") if there.exists() else ""), (
                target
            )
            there.unlink(missing_ok=True)
    assert refused or (name == "ENV" and by == "environment")


def options() -> list[list[str]]:
    """A command for each option and argument of each script that people start."""
    found = [[name, "--without"] for name in ("audit.py", "export.py", "verify.py")]
    for path in sorted((ROOT / "scripts").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "ArgumentParser" not in text, "console.Parser refuses what is empty"
        for name, rest in re.findall(r'add_argument\(\s*"([\w-]+)"([^\n]*)', text):
            if "store_true" not in rest and path.stem != "validate_crate":  # of other packages
                found.append([path.name, *([name] if name.startswith("--") else []), ""])
    return found


@pytest.mark.parametrize("command", options(), ids=" ".join)
def test_an_option_of_a_script_that_was_given_and_is_empty_is_refused(tmp_path, command):
    name, *words = command
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name), *words],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode
    assert re.search(r"^OptionError: .+ is empty; allowed: a value; leave .+ out", done.stderr)
    assert not any(tmp_path.iterdir())


def test_a_line_break_is_refused(folder):
    done = subprocess.run(
        ["make", "plan-data", "TARGET=1", "METHOD=a\nb"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode and "METHOD holds a line break; allowed: one line" in done.stderr


NAMES = [
    *HOSTILE, "1_000", "007", "true", "null", "1e5", "nan", "x: y.yaml", "{a}.yaml", "a.yaml",
    "./a b.yml", "[1].yaml", "- a", " a ", "a\nb", "\x7f", "\u2028", "'a'", "🙂",
]  # fmt: skip


@pytest.mark.parametrize("value", NAMES)
def test_snakemake_reads_a_value_as_it_is(value):
    """By the rules of Snakemake's command line: quotes off, then a number, then YAML."""
    from snakemake.cli import parse_config

    assert parse_config([commands.config("study", value)]) == {"study": value}


def test_plain_names_of_studies_stay_as_they_are_and_numbers_numbers():
    plain = ["config.yaml", "workflow/studies/tiny.yaml", "../my-study.yml", "/tmp/a.b/c+d.yaml"]
    assert [commands.config("study", each) for each in plain] == [f"study={each}" for each in plain]
    assert yaml.safe_load(commands.config("sizes", [64, 512]).split("=")[1]) == [64, 512]
    assert commands.make("plan", STUDY="it's.yaml") == "make plan STUDY='it'\"'\"'s.yaml'"
