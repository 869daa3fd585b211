"""The workflow's rules as they are written: message, script, outputs and timing file of each.

A record names the rule that made a file. The names of the rule's outputs and its message stand in
`workflow/rules/*.smk`. Those files are read as text, in the form that snakefmt gives: a crate can
be written, and read again, where Snakemake is not installed.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

FOLDER = Path("workflow/rules")

_RULE = re.compile(r"^rule (\w+):\n((?:(?: .*)?\n)*)", re.MULTILINE)
_PART = re.compile(r"^    (\w+):\n((?:(?:        .*)?\n)*)", re.MULTILINE)
_WILDCARD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Rule:
    """A rule with a script.

    Attributes:
        file: where it is written.
        message: what Snakemake shows for a job, wildcards in braces.
        script: path of its script in the project.
        outputs: name and pattern of each output; a nameless one is called by its suffix.
        benchmark: pattern of its timing file.
    """

    name: str
    file: str
    message: str
    script: str
    outputs: tuple[tuple[str, str], ...]
    benchmark: str

    def output_name(self, path: str) -> str:
        """What the rule calls an output; "output" if no pattern fits."""
        fitting = (name for name, pattern in self.outputs if _match(pattern, path) is not None)
        return next(fitting, "output")

    def wildcards(self, outputs: Iterable[str]) -> dict[str, str]:
        """The values of the wildcards of the job that made these outputs."""
        found: dict[str, str] = {}
        for path in outputs:
            for _, pattern in self.outputs:
                found |= _match(pattern, path) or {}
        return found

    def paths(self, wildcards: dict[str, str]) -> list[str]:
        """The outputs of a job."""
        return sorted(_filled(pattern, wildcards) for _, pattern in self.outputs)

    def makes(self, outputs: Iterable[str]) -> bool:
        """Whether these are all outputs of one job of the rule."""
        patterns, wanted = [pattern for _, pattern in self.outputs], set(outputs)
        fits = (_match(pattern, path) for pattern in patterns for path in wanted)
        return any(
            values is not None and wanted == {_filled(pattern, values) for pattern in patterns}
            for values in fits
        )

    def said(self, wildcards: dict[str, str]) -> str:
        """The message of a job."""
        return _filled(self.message, {f"wildcards.{k}": v for k, v in wildcards.items()})

    def timed(self, wildcards: dict[str, str]) -> str:
        """The timing file of a job."""
        return _filled(self.benchmark, wildcards)


def read(folder: Path) -> dict[str, Rule]:
    """The rules of a project by name, in the order of files and lines; those with a script."""
    found = {}
    for path in sorted(filter(Path.is_file, (folder / FOLDER).glob("*.smk"))):
        for name, body in _RULE.findall(path.read_text(encoding="utf-8", errors="replace") + "\n"):
            parts = {part: _arguments(text) for part, text in _PART.findall(body)}
            if "script" not in parts:
                continue
            written = PurePosixPath(FOLDER.as_posix(), _only(parts, "script"))
            found[name] = Rule(
                name=name,
                file=f"{FOLDER.as_posix()}/{path.name}",
                message=_only(parts, "message"),
                script=_normal(written),
                outputs=tuple(_outputs(parts.get("output", []))),
                benchmark=_only(parts, "benchmark"),
            )
    return found


def _arguments(text: str) -> list[tuple[str, Any]]:
    """Names and values of what follows a keyword; values that are not plain text are None."""
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except SyntaxError:
        return []
    values = [("", value) for value in call.args]
    values += [(each.arg or "", each.value) for each in call.keywords]
    return [(name, _text(value)) for name, value in values]


def _text(value: ast.expr) -> str | None:
    """The text of a plain value, or of one that is wrapped: report("path", …)."""
    if isinstance(value, ast.Call) and value.args:
        return _text(value.args[0])
    plain = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value.value if plain else None


def _outputs(arguments: list[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for name, pattern in arguments:
        if pattern is not None:
            yield name or PurePosixPath(pattern).suffix.removeprefix(".") or "output", pattern


def _only(parts: dict[str, list], part: str) -> str:
    return next((value for _, value in parts.get(part, []) if value is not None), "")


def _normal(path: PurePosixPath) -> str:
    """Without the `..` that lead from the rules' folder to the scripts'."""
    kept: list[str] = []
    for part in path.parts:
        if part == "..":
            kept.pop()
        else:
            kept.append(part)
    return "/".join(kept)


def _match(pattern: str, path: str) -> dict[str, str] | None:
    pieces, seen = [], set()
    for place, piece in enumerate(_WILDCARD.split(pattern)):
        if place % 2 == 0:
            pieces.append(re.escape(piece))
        elif piece in seen:
            pieces.append(f"(?P={piece})")
        else:
            seen.add(piece)
            pieces.append(f"(?P<{piece}>.+)")
    found = re.fullmatch("".join(pieces), path)
    return found.groupdict() if found else None


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
