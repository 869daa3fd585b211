"""Ids, types and names of a Provenance Run Crate that are the same in all of its versions."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

METADATA = "ro-crate-metadata.json"
CROISSANT = "croissant.json"
CROISSANT_FORMATS = {
    "http://mlcommons.org/croissant/1.1": ("Croissant", "1.1"),
    "http://mlcommons.org/croissant/RAI/1.0": ("Croissant RAI", "1.0"),
}
"""What that file conforms to: address, name and version of each specification."""

SNAKEMAKE = "https://snakemake.github.io"
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
LOCK_FORMAT = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"
MEASURED = "https://snakemake.readthedocs.io/en/stable/snakefiles/rules.html#benchmark-rules"
USAGE = {
    "seconds": ("wall time", "s", "https://qudt.org/vocab/unit/SEC"),
    "cpu_seconds": ("CPU time", "cpu_time", "https://qudt.org/vocab/unit/SEC"),
    "megabytes": ("largest resident set", "max_rss", "https://qudt.org/vocab/unit/MebiBYTE"),
}
"""Name, column of the timing file and unit of each measured use of resources."""

_FORMATS = {
    "cff": "application/yaml",
    "csv": "text/csv",
    "diff": "text/x-diff",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "pem": "application/pem-certificate-chain",
    "png": "image/png",
    "py": "text/x-python",
    "rst": "text/x-rst",
    "safetensors": "application/octet-stream",
    "sig": "text/plain",
    "svg": "image/svg+xml",
    "tex": "text/x-tex",
    "toml": "application/toml",
    "tsr": "application/timestamp-reply",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
}


def media_type(path: str) -> str:
    """The media type of a file by its suffix; plain text where it has none that is known."""
    return _FORMATS.get(PurePosixPath(path).suffix.removeprefix("."), "text/plain")


def file_id(path: str, is_here: bool = True) -> str:
    """The `@id` of a file: its path; with `#` before it for one that is described, not held."""
    return quote(path) if is_here else f"#{quote(path)}"


def local_id(*parts: str) -> str:
    """The `@id` of something that is no file."""
    return "#" + "/".join(quote(part, safe="") for part in parts)


def ref(entity_id: str) -> dict[str, str]:
    """A reference to an entity."""
    return {"@id": entity_id}


def refs(entity_ids: Iterable[str]) -> list[dict[str, str]]:
    """References to entities."""
    return [ref(each) for each in entity_ids]


def slug(text: str) -> str:
    """A name as part of an `@id`: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unnamed"


def licence_id(name: str) -> str:
    """The address of a licence that is named as SPDX names it."""
    return f"https://spdx.org/licenses/{name}"


def package_id(name: str, version: str, sha256: str) -> str:
    """The `@id` of a package; two wheels of one version are two packages."""
    return local_id("package", name, version, sha256[:12])


def package_url(name: str, version: str) -> str:
    """A Python package as a package URL (ECMA-427), which names what it is and no server."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    return f"pkg:pypi/{quote(plain)}@{quote(version)}"
