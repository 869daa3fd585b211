"""What each key of a study means, as the page config/README.md, from the models of a study.

`python -m twotower.study.key_page` prints the page.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from twotower.study.schema import Study

_HEAD = """# The keys of a study

<!-- `make schema` writes this page from the models of a study; the text above the tables stands in
scripts/twotower/study/key_page.py. -->

A study is one YAML file. It says which cells, sample sizes and arms there are, and decides all
numbers. The default study is [config.yaml](../config.yaml) at the top of the repository, not in
this folder. Copy it, change the copy, and run it:

    snakemake --cores all --config study=my_study.yaml

More studies lie in [workflow/studies](../workflow/studies); `tiny.yaml` runs in two minutes. A
study is whole: your file does not add to the default one, it takes its place. Every key is checked
before anything runs, and all faults are reported at once. Single values can be replaced on the
command line: `--config replicates=4`. Mind YAML: 1.0e-3 is a number but 1e-3 is text, and infinity
is `.inf`. Options of runs on real ratings are no keys of a study: see
[real-ratings.md](../docs/real-ratings.md). Another workflow can import this one: see
[module.md](../docs/module.md).

In the third column – means: the defaults of the block hold, or the study does without the block.
"""
_TABLE = "\n| key | allowed | if left out | meaning |\n| --- | --- | --- | --- |\n"
_KINDS = {"integer": "whole number", "number": "number", "boolean": "true or false"}


def page() -> str:
    """The page as Markdown: a section for the study and for every block in it, each block once."""
    schema = Study.model_json_schema()
    return _HEAD + "".join(_sections("The study", "", schema, schema.pop("$defs"), set()))


def _sections(
    title: str, path: str, block: dict[str, Any], blocks: dict[str, Any], told: set[str]
) -> Iterator[str]:
    """The section of a block whose keys stand below a path, and then those of blocks in it."""
    usual = blocks["Settings"]["properties"] if block is not blocks["Settings"] else {}
    keys = block["properties"]
    shared = [key for key in keys if key in usual and _about(keys[key]) == _about(usual[key])]
    rows = [_row(key, keys[key], block, blocks) for key in keys if key not in shared]
    yield f"\n## {title}\n\n{_about(block)}\n"
    if shared:
        lists = " Each holds a list of values." if keys[shared[0]].get("type") == "array" else ""
        yield f"\nKeys of `defaults` with the same meaning: {_code(shared)}.{lists}\n"
    if rows:
        yield _TABLE + "".join(rows)
    inner: dict[str, list[str]] = {}
    for key, value in keys.items():
        for name in _named(value):
            inner.setdefault(name, []).append(f"{path}{key}" + ".NAME" * (key == "experiments"))
    # the defaults first: others refer to them
    for name, places in sorted(inner.items(), key=lambda each: each[0] != "Settings"):
        if name not in told:
            told.add(name)
            title = (
                f"{_code(places[:1])} and {len(places) - 1} more" if places[1:] else _code(places)
            )
            yield from _sections(title, f"{places[0]}.", blocks[name], blocks, told)


def _row(key: str, value: dict[str, Any], block: dict[str, Any], blocks: dict[str, Any]) -> str:
    about = _about(value) or " ".join(_about(blocks[name]) for name in _named(value))
    default = "–"
    if key in block.get("required", ()):
        default = "is required"
    elif "default" in value:
        default = f"`{json.dumps(value['default'])}`"
    return f"| `{key}` | {_allowed(value)} | {default} | {about} |\n"


def _allowed(value: dict[str, Any]) -> str:
    """What a key may hold, in words."""
    if "enum" in value:
        return _code(value["enum"])
    if "const" in value:
        return _code([value["const"]])
    kinds = value.get("type", "object")
    if kinds == "array":
        most = f" to {value['maxItems']:,}" if "maxItems" in value else " or more"
        inside = value["items"]
        return f"list of {value.get('minItems', 0)}{most}: {_allowed(inside)}"
    if kinds == "string":
        return f"text that matches `{value['pattern']}`"
    if kinds == "object":
        return "a block for each NAME" if "patternProperties" in value else "block"
    kind, *null = [kinds] if isinstance(kinds, str) else kinds
    text = _KINDS[kind]
    if "exclusiveMinimum" in value:
        text += f" above {value['exclusiveMinimum']:,}"
    if "minimum" in value:
        text += f" from {value['minimum']:,}"
    if "maximum" in value:
        text += f" to {value['maximum']:,}"
    return text + " or null" * bool(null)


def _about(value: dict[str, Any]) -> str:
    """A description on one line."""
    return " ".join(value.get("description", "").replace("|", "\\|").split())


def _named(value: Any) -> list[str]:
    """Names of the blocks that a key may hold."""
    if isinstance(value, list):
        return [name for part in value for name in _named(part)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"].rsplit("/", 1)[1]] if "$ref" in value else []
    return own + [name for part in value.values() for name in _named(part)]


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(page())
