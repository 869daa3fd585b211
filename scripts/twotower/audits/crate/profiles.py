"""The versions of the Provenance Run Crate profile that an export writes, and how they differ.

Sources: RO-Crate 1.1 with Workflow RO-Crate 1.0 and the Workflow Run Crate profiles 0.5; RO-Crate
1.3 with Workflow RO-Crate 1.1 and the profiles 0.6. Nothing but Python's own library is needed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.base.errors import ExpectedError

RUN = "https://w3id.org/ro/wfrun"
"""Below this address are the profiles of process, workflow and provenance, by version."""
RUN_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
"""Where `sha256`, `environment`, `resourceUsage` and the connections are defined."""


class ProfileError(ExpectedError):
    """A version of the profile that is not known here; the message names those that are."""


@dataclass(frozen=True)
class Profile:
    """A version of the profile, and what it stands on.

    Attributes:
        version: of the profiles of process, workflow and provenance.
        ro_crate: the version of RO-Crate.
        workflow_ro_crate: that of Workflow RO-Crate.
        more_terms: terms that an export uses and the contexts lack; the profile says to add them.
    """

    version: str
    ro_crate: str
    workflow_ro_crate: str
    more_terms: Mapping[str, str]

    @property
    def on_1_3(self) -> bool:
        """Whether RO-Crate 1.3 counts, which writes some things in another way than 1.1."""
        return self.ro_crate == "1.3"

    @property
    def base(self) -> str:
        """The address of the version of RO-Crate."""
        return f"https://w3id.org/ro/crate/{self.ro_crate}"

    @property
    def context(self) -> str:
        """The address at which that version defines its terms."""
        return f"{self.base}/context"

    @property
    def workflow(self) -> str:
        """The address of the version of Workflow RO-Crate."""
        return f"https://w3id.org/workflowhub/workflow-ro-crate/{self.workflow_ro_crate}"

    @property
    def all(self) -> dict[str, tuple[str, str]]:
        """What the crate as a whole conforms to: address, name and version of each profile."""
        runs = ("process", "workflow", "provenance")
        return {
            f"{RUN}/{name}/{self.version}": (f"{name.capitalize()} Run Crate", self.version)
            for name in runs
        } | {self.workflow: ("Workflow RO-Crate", self.workflow_ro_crate)}


PROFILES = {
    each.version: each
    for each in (
        Profile(
            "0.5",
            "1.1",
            "1.0",
            {"buildInstructions": "https://codemeta.github.io/terms/buildInstructions"},
        ),
        Profile("0.6", "1.3", "1.1", {}),
    )
}
DEFAULT = "0.5"
"""What is written unless another version is named: the newest that a public validator judges."""


def named(version: str) -> Profile:
    """The profile of a version, as it is typed after `make export`.

    Raises:
        ProfileError: if it is not known.
    """
    if version not in PROFILES:
        raise ProfileError(
            f"CRATE_PROFILE={version:.40}: no version of Provenance Run Crate that an export "
            f"writes; allowed: {', '.join(PROFILES)}; without CRATE_PROFILE it is {DEFAULT}"
        )
    return PROFILES[version]


def of(graph: Iterable[Mapping[str, Any]], crate: Path) -> str:
    """The version of Provenance Run Crate that a crate claims; DEFAULT if it claims none.

    Raises:
        ProfileError: if it is none of PROFILES, or there are several.
    """
    found = _claimed(graph)
    if len(found) > 1 or not set(found) <= PROFILES.keys():
        raise ProfileError(
            f"{crate}: `conformsTo` names Provenance Run Crate {' and '.join(found):.60}; allowed: "
            f"one of {', '.join(PROFILES)}, which are the versions that can be judged here"
        )
    return found[0] if found else DEFAULT


def _claimed(graph: Iterable[Mapping[str, Any]]) -> list[str]:
    start = f"{RUN}/provenance/"
    found = set()
    for entity in graph:
        values = entity.get("conformsTo")
        for value in values if isinstance(values, list) else [values]:
            address = value.get("@id") if isinstance(value, dict) else None
            if isinstance(address, str) and address.startswith(start):
                found.add(address.removeprefix(start))
    return sorted(found)
