"""What the JSON-LD contexts of a crate define, without the web: the address of each term.

That of RO-Crate comes from the rocrate wheel, whose edition is 1.3; what 1.1 lacks, or means
otherwise, is set right below.
"""

from typing import Any

from rocrate import vocabs

from twotower.audits.crate.profiles import PROFILES, RUN_CONTEXT

_RUN_TERMS = "https://w3id.org/ro/terms/workflow-run#"
_RUN_WORDS = [
    *("ParameterConnection", "ContainerImage", "DockerImage", "SIFImage", "connection"),
    *("sourceParameter", "targetParameter", "md5", "sha1", "sha256", "sha512", "environment"),
    *("registry", "tag", "containerImage", "resourceUsage"),
]
"""All that the context of the run profiles defines."""

_NEWER = {"sha256", "buildInstructions", "localPath", "Profile"}
"""Terms that this project uses and RO-Crate's own context lacked in 1.1."""
RENAMED = {
    "ComputationalWorkflow": (
        "https://bioschemas.org/terms/ComputationalWorkflow",
        "https://bioschemas.org/ComputationalWorkflow",
    ),
    "FormalParameter": (
        "https://bioschemas.org/terms/FormalParameter",
        "https://bioschemas.org/FormalParameter",
    ),
    "input": (
        "https://bioschemas.org/terms/input",
        "https://bioschemas.org/ComputationalWorkflow#input",
        "https://bioschemas.org/properties/input",
    ),
    "output": (
        "https://bioschemas.org/terms/output",
        "https://bioschemas.org/ComputationalWorkflow#output",
        "https://bioschemas.org/properties/output",
    ),
}
"""Terms that RO-Crate 1.3 defines otherwise: the address now, in 1.1, and in 1.2 where another."""

CONTEXTS: dict[str, dict[str, Any]] = {
    PROFILES["0.5"].context: {
        key: value for key, value in vocabs.RO_CRATE["@context"].items() if key not in _NEWER
    }
    | {term: addresses[1] for term, addresses in RENAMED.items()},
    PROFILES["0.6"].context: vocabs.RO_CRATE["@context"],
    RUN_CONTEXT: {word: _RUN_TERMS + word for word in _RUN_WORDS},
}


def terms(context: Any) -> tuple[dict[str, Any], list[str]]:
    """The terms that an `@context` defines, a later one before an earlier; and what is not known.

    Returns:
        The address of each term, and the parts of the context that are none of CONTEXTS.
    """
    found: dict[str, Any] = {}
    unknown = []
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            found |= part
        elif isinstance(part, str) and part in CONTEXTS:
            found |= CONTEXTS[part]
        else:
            unknown.append(str(part))
    return found, unknown
