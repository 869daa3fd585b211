"""Whether a crate passes the REQUIRED checks of its profile's public validator, with no network.

Runs in the validator's own environment (`make .venv-validator/installed`): it needs an older `rich`
than Snakemake's progress bars. The validator wants two JSON-LD contexts from the web; its cache is
filled with them here. That of RO-Crate comes from the rocrate wheel, whose edition is a newer one:
what 1.1 lacks, or means otherwise, is set right below.
"""

import io
import json
import tempfile
from pathlib import Path

import urllib3
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate import vocabs
from rocrate_validator import models, services

from twotower import crate_check
from twotower.logs import ExpectedError

PROFILE = "provenance-run-crate"
RUN_TERMS = "https://w3id.org/ro/terms/workflow-run#"
RUN_WORDS = [
    *("ParameterConnection", "ContainerImage", "DockerImage", "SIFImage", "connection"),
    *("sourceParameter", "targetParameter", "md5", "sha1", "sha256", "sha512", "environment"),
    *("registry", "tag", "containerImage", "resourceUsage"),
]
"""All that https://w3id.org/ro/terms/workflow-run/context defines."""

NEWER = {"sha256", "buildInstructions"}
"""Terms that this project uses and RO-Crate's own context lacked in 1.1."""
OLDER = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
"""Terms that 1.1 defines otherwise."""

CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": {
        key: value for key, value in vocabs.RO_CRATE["@context"].items() if key not in NEWER
    }
    | OLDER,
    "https://w3id.org/ro/terms/workflow-run/context": {
        word: RUN_TERMS + word for word in RUN_WORDS
    },
}


class ValidationError(ExpectedError):
    """The validator could not judge a crate."""


class FromMemory(HTTPAdapter):
    """Answers for the two addresses."""

    def send(self, request, **_):
        body = io.BytesIO(json.dumps({"@context": CONTEXTS[request.url]}).encode())
        headers = {"Content-Type": "application/ld+json"}
        raw = urllib3.HTTPResponse(body, headers, 200, preload_content=False)
        raw._request_url = request.url  # as urllib3's own pool leaves it; the cache asks for it
        return self.build_response(request, raw)


def validate(crate: Path) -> tuple[int, list[str]]:
    """How many checks were made, and what failed.

    Raises:
        NoCrateError: if there is no crate that can be read.
        ValidationError: if the validator itself ends with an error.
    """
    crate_check.read_graph(crate)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "contexts"
        with CachedSession(cache_name=str(cache), expire_after=-1) as session:
            session.mount("https://", FromMemory())
            for address in CONTEXTS:
                session.get(address)
        settings = services.ValidationSettings(
            rocrate_uri=str(crate),
            profile_identifier=PROFILE,
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
