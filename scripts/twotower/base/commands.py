"""Commands as text, for Snakemake to read and for people to type: every value arrives as it is."""

import json
import re
import shlex

_PLAIN = re.compile(r"[\w./+-]+\.ya?ml|[a-z_]+", re.ASCII)
_READ_OTHERWISE = ("true", "false", "null", "inf", "nan", "infinity")


def config(key: str, value: object) -> str:
    """A word for Snakemake's --config that it reads as exactly this value.

    Snakemake takes quotes off the ends of what stands behind the = and reads the rest as a number
    or as YAML: `1_000` would be 1000, `a: b` a mapping. Text that is no plain name is written as
    YAML's text, in quotes, with a space at both ends that keeps them.
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
    """Snakemake's options for a study, a profile and a logger, of those that are named."""
    found = ["--config", config("study", study)] if study is not None else []
    found += ["--workflow-profile", profile] if profile else []
    return found + (["--logger", logger] if logger else [])


def make(*targets: str, **variables: str) -> str:
    """A command of make as one types it: `make plan STUDY='my study.yaml'`."""
    given = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join(["make", *targets, *given])
