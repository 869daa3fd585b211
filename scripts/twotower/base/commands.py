"""Commands as text, for Snakemake and for people to type; every value arrives unchanged."""

import json
import re
import shlex

_PLAIN = re.compile(r"[\w./+-]+\.ya?ml|[a-z_]+", re.ASCII)
_READ_OTHERWISE = ("true", "false", "null", "inf", "nan", "infinity")


def config(key: str, value: object) -> str:
    """A word for --config that Snakemake reads as exactly this value.

    Snakemake removes quotes at both ends of the text after the =, and reads the rest as a number or
    as YAML: `1_000` would be 1000, `a: b` a mapping. Text other than a plain name is written as
    quoted YAML text, with a space at both ends, which keeps the quotes.
    """
    if not isinstance(value, str):
        return f"{key}={json.dumps(value)}"
    if not value or _PLAIN.fullmatch(value) and value not in _READ_OTHERWISE:
        return f"{key}={value}"
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
    return f"{key}= {text} "


def options(
    study: str | None = None, profile: str | None = None, logger: str | None = None
) -> list[str]:
    """Snakemake's options for those of study, profile and logger that are named."""
    found = ["--config", config("study", study)] if study is not None else []
    found += ["--workflow-profile", profile] if profile else []
    return found + (["--logger", logger] if logger else [])


def make(*targets: str, **variables: str) -> str:
    """A command of make as people type it: `make plan STUDY='my study.yaml'`."""
    given = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join(["make", *targets, *given])
