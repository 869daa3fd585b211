"""The record sets of a Croissant description: data sets, arrays, certificates, the index.

A record set of a CSV file says where each field is found, so that loaders read it. No loader reads
tensors: their names, types and shapes stand in the description itself, from the files' headers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twotower.audits.crate.entities import ref
from twotower.audits.croissant import terms
from twotower.base import identity
from twotower.records.reading.tensor_headers import Header


def _field(name: str, kind: str, told: str, source: Any = None, **more: Any) -> dict[str, Any]:
    found = {"@type": "cr:Field", "@id": name, "name": name.rsplit("/", 1)[-1]}
    found |= {"description": told, "dataType": kind}
    return found | ({"source": source} if source else {}) | more


def _record_set(name: str, told: str, key: str, fields: list[dict], **more: Any) -> dict[str, Any]:
    keys = [ref(f"{name}/{part}") for part in key.split()]
    found = {"@type": "cr:RecordSet", "@id": name, "name": name, "description": told}
    return found | {"key": keys if len(keys) > 1 else keys[0], "field": fields} | more


def data_sets(specs: Mapping[str, dict], shapes: Mapping[str, list[int]]) -> dict[str, Any]:
    columns = {
        "id": ("sc:Text", "Id of the data set; the files lie in results/data/ID/."),
        "replicates": ("sc:Integer", "Independent draws of target, users, items and noise."),
        "ratings": ("sc:Integer", "Ratings of each replicate; the first n are a sample of n."),
        "settings": ("sc:Text", "All settings, as JSON; workflow/schemas/study.schema.json tells "
                     "what each means."),
    }  # fmt: skip
    rows = [
        (name, *shapes.get(name, (0, 0)), identity.canonical_json(spec))
        for name, spec in specs.items()
    ]
    return _inline("data_sets", "The data sets and what each was drawn from.", "id", columns, rows)


def tensors(headers: Mapping[str, Header]) -> dict[str, Any]:
    columns = {
        "file": ("sc:Text", "Path of the file."),
        "tensor": ("sc:Text", "Name of the array in the file."),
        "dtype": (
            "sc:Text",
            "Type of its numbers: F64 a double, I64 a whole number of 64 bits.",
        ),
        "shape": ("sc:Text", "Its lengths, as in its header."),
        "axes": ("sc:Text", "What each of the axes counts."),
        "meaning": ("sc:Text", "What the numbers are, with their unit."),
    }
    rows = [
        (path, name, dtype, ", ".join(map(str, shape)), *terms.tensor(Path(path).stem, name))
        for path, header in headers.items()
        for name, (dtype, shape) in header.items()
    ]
    told = f"All arrays in the files of tensors, as the files' headers have them. {terms.LOADED}"
    return _inline("tensors", told, "file tensor", columns, rows)


def _inline(
    name: str, told: str, key: str, columns: Mapping[str, tuple[str, str]], rows: list[tuple]
) -> dict[str, Any]:
    """A record set whose rows stand in the description itself."""
    fields = [_field(f"{name}/{column}", *each) for column, each in columns.items()]
    ids = [field["@id"] for field in fields]
    data = [dict(zip(ids, row, strict=True)) for row in rows]
    return _record_set(name, told, key, fields, data=data)


def certificates() -> dict[str, Any]:
    source = {"fileSet": ref("certificates")}
    path = {"extract": {"fileProperty": "fullpath"},
            "transform": {"regex": r".*results/data/(\w+)/certificate\.csv"}}  # fmt: skip
    told = "Id of the data set, from the path of the file."
    fields = [_field("certificate/data", "sc:Text", told, source | path)]
    fields += [
        _field(f"certificate/{name}", kind, told, source | {"extract": {"column": name}})
        for name, (kind, told) in terms.CERTIFICATE.items()
    ]
    told = f"{terms.FILES['certificate']} A data set of which a check fails is not made."
    return _record_set("certificate", told, "data replicate tower check", fields)


def index(path: str, place: Path) -> dict[str, Any]:
    with place.open(encoding="utf-8") as file:
        names = file.readline().rstrip("\r\n").split(",")
    fields = [
        _field(f"index/{name}", *terms.column(name),
               {"fileObject": ref(path), "extract": {"column": name}})
        for name in names
    ]  # fmt: skip
    return _record_set("index", terms.FILES["index"], "run", fields)
