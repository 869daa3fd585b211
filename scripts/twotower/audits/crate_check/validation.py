"""Whether a crate passes the REQUIRED checks of its profile, with no network.

Provenance Run Crate 0.5 is judged by the public validator. Of 0.6 that one knows the base alone,
RO-Crate 1.3; the rest is judged by `requirements`. Runs in the validator's own environment
(`make .venv-validator/installed`): it needs an older `rich` than Snakemake's progress bars. The
validator wants JSON-LD contexts from the web; its cache is filled with them here.
"""

import io
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import urllib3
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import models, services

from twotower.audits.crate import profiles
from twotower.audits.crate_check import check, contexts, requirements, rules
from twotower.audits.crate_check.rules import Fault
from twotower.base import safe_names
from twotower.base.errors import ExpectedError

PUBLIC = {"0.5": "provenance-run-crate", "0.6": "ro-crate-1.3"}
"""What the validator judges by, by the version that a crate claims: of 0.6 its base alone."""


class ValidationError(ExpectedError):
    """The validator could not judge a crate."""


class FromMemory(HTTPAdapter):
    """Answers for the addresses of the contexts."""

    def send(self, request, **_):
        body = io.BytesIO(json.dumps({"@context": contexts.CONTEXTS[request.url]}).encode())
        headers = {"Content-Type": "application/ld+json"}
        raw = urllib3.HTTPResponse(body, headers, 200, preload_content=False)
        raw._request_url = request.url  # as urllib3's own pool leaves it; the cache asks for it
        return self.build_response(request, raw)


@dataclass(frozen=True)
class Judged:
    """What was found.

    Attributes:
        lines: what failed, how many checks were made, and by whom.
        failed: whether the crate is not what it claims to be.
    """

    lines: list[str]
    failed: bool


def validate(crate: Path) -> Judged:
    """Judge a crate by the version of Provenance Run Crate that it claims, 0.5 if it claims none.

    Raises:
        NoCrateError: if there is no crate that can be read.
        ProfileError: if it claims a version that is not known here, or several.
        ValidationError: if the validator itself ends with an error.
    """
    graph = check.read_graph(crate)
    version = profiles.of(graph, crate)
    name = PUBLIC[version]
    checks, failed = _public(crate, name)
    told = [*failed, f"{checks} required checks of {name}, {len(failed)} failed"]
    wrong = bool(failed) or not checks
    if version != profiles.DEFAULT:
        own = _own(crate)
        must = [each.text() for each in own if each.rule.level == rules.MUST]
        told += [*must, *_open(own), *_whom(version, len(must))]
        wrong = wrong or bool(must)
    return Judged(told, wrong)


def _own(crate: Path) -> list[Fault]:
    content = json.loads(safe_names.text_of(crate / check.METADATA, "utf-8"))
    return list(rules.broken(requirements.RULES, content))


def _open(own: list[Fault]) -> list[str]:
    """What is recommended and not followed: one line."""
    found = Counter(each.rule for each in own if each.rule.level == rules.SHOULD)
    parts = [f"{rule.entity} {rule.property} ({count:,})" for rule, count in found.items()]
    return [f"recommended, and not followed: {', '.join(parts)}"] if parts else []


def _whom(version: str, failed: int) -> list[str]:
    required = sum(each.level == rules.MUST for each in requirements.RULES)
    return [
        f"{required} required rules of this project's own table, {failed} broken",
        f"roc-validator {metadata.version('roc-validator')} knows Provenance Run Crate "
        f"{profiles.DEFAULT} only: of {version} it judged the base, RO-Crate 1.3; this "
        "project's own table judged the profile (docs/export.md)",
    ]


def _public(crate: Path, profile: str) -> tuple[int, list[str]]:
    """How many required checks of a profile the public validator made, and what failed."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "contexts"
        with CachedSession(cache_name=str(cache), expire_after=-1) as session:
            session.mount("https://", FromMemory())
            for address in contexts.CONTEXTS:
                session.get(address)
        settings = services.ValidationSettings(
            rocrate_uri=str(crate),
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
        try:
            result = services.validate(settings)
        except Exception as error:  # of any class: graphs that it did not foresee
            name = type(error).__name__
            told = f"{crate}: the validator ended with {name}: {error}"
            raise ValidationError(f"{told}; so this is not valid") from error
        failed = [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]
        return len(result.executed_checks), failed
