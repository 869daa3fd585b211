"""The schema and the page of keys are those that the models give; the default study fits them."""

from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from twotower.study import key_page
from twotower.study.reading import read_study
from twotower.study.schema import json_schema

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "workflow" / "schemas" / "study.schema.json"
PAGE = ROOT / "config" / "README.md"


def schema() -> dict:
    return yaml.safe_load(json_schema())


def default() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def test_schema_file_is_current():
    current = SCHEMA.read_text(encoding="utf-8") == json_schema()
    assert current, f"{SCHEMA.relative_to(ROOT)} differs from the models of a study: make schema"


def test_page_of_keys_is_current():
    current = PAGE.read_text(encoding="utf-8") == key_page.page()
    assert current, f"{PAGE.relative_to(ROOT)} differs from the models of a study: make schema"


def test_page_of_keys_explains_every_key():
    """In a row of its own, or among those that mean the same as in the defaults."""
    page = key_page.page()
    blocks = [schema(), *schema()["$defs"].values()]
    keys = {key for block in blocks for key in block["properties"]}
    assert [key for key in keys if f"| `{key}` | " not in page] == []
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [
        row for row in rows if row.count(" | ") != 3 or not row.split(" | ")[3].strip(" |")
    ] == []


def test_schema_is_a_schema_and_ends_its_last_line():
    Draft202012Validator.check_schema(schema())
    assert json_schema().endswith("}\n")


def test_default_study_passes_both_checks():
    Draft202012Validator(schema()).validate(default())
    assert read_study(ROOT / "config.yaml").name == "default"


def test_schema_refuses_what_the_models_refuse():
    study = default()
    study["arms"]["erm"] = None
    study["experiments"]["my experiment"] = study["experiments"]["smoothness"]
    study["defaults"]["smoothness"] = "1e-3"
    study["defaults"]["width"] = {"schedule": "fixed", "constant": 1.0}
    study["experiments"]["dimension"]["vary"] = {"ambient": [1]}
    faults = {tuple(error.path) for error in Draft202012Validator(schema()).iter_errors(study)}
    assert faults == {
        ("arms", "erm"),
        ("experiments",),
        ("defaults", "smoothness"),
        ("defaults", "width"),
        ("experiments", "dimension", "vary"),
    }


def _keys_without_description(node: dict, path: str = "") -> list[str]:
    missing = []
    for key, value in node.get("properties", {}).items():
        if "description" not in value and "$ref" not in value:
            missing.append(f"{path}.{key}")
    return missing


def test_every_key_is_described():
    blocks = {"study": schema()} | schema()["$defs"]
    assert [
        key for name, node in blocks.items() for key in _keys_without_description(node, name)
    ] == []
