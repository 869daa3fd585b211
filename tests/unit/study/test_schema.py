"""The schema file is the one that the models give, and the default study fits it."""

from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from twotower.study.reading import read_study
from twotower.study.schema import json_schema

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "workflow" / "schemas" / "study.schema.json"


def schema() -> dict:
    return yaml.safe_load(json_schema())


def default() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def test_schema_file_is_current():
    current = SCHEMA.read_text(encoding="utf-8") == json_schema()
    assert current, f"{SCHEMA.relative_to(ROOT)} differs from the models of a study: make schema"


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
