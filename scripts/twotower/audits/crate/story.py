"""What a crate says about a study (`Story`), and its graph while it is written (`CrateGraph`)."""

from dataclasses import dataclass, field
from typing import Any

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from twotower.audits.crate import entities as terms
from twotower.audits.crate import recorded_jobs
from twotower.audits.crate.citation import Citation
from twotower.audits.crate.entities import local_id, ref
from twotower.audits.crate.parameters import Parameters
from twotower.audits.crate.profiles import DEFAULT, PROFILES, Profile
from twotower.audits.crate.recorded_jobs import ToldJob
from twotower.records.workflow_rules import Rule


@dataclass(frozen=True)
class Held:
    """A file of the crate; `is_here` is False for one that is described, not held."""

    kind: str
    bytes: int
    sha256: str
    is_here: bool = True


@dataclass(frozen=True)
class Story:
    """All that a crate says about a study.

    Attributes:
        name: the study's.
        date: of publication, ISO 8601.
        root: of the seal over all files.
        files: by path in the crate, which is that in the project.
        jobs: every job that made a result.
        rules: by name, as they are written.
        settings: what short ids stand for: see `jobs.settings`.
        environments: by digest: see `environment.current`.
        runs: what the notes of runs say, by path.
        given: files that the whole run was given: the study, the decision rules.
        citation: who wrote it, and what it refers to.
        profile: the version of Provenance Run Crate in which it is told.
    """

    name: str
    date: str
    root: str
    files: dict[str, Held]
    jobs: list[ToldJob]
    rules: dict[str, Rule]
    settings: dict[str, dict]
    environments: dict[str, dict]
    runs: dict[str, dict]
    given: list[str]
    citation: Citation
    profile: Profile = PROFILES[DEFAULT]


@dataclass
class CrateGraph:
    """A crate while it is written.

    Attributes:
        crate: with the entities that have been added.
        story: what the crate says.
        levels: by rule, how many rules lie before it.
        tools: rule and code digest of each tool that ran.
        parameters: of the workflow and its tools.
        about: the action that a file tells about, by the file's path.
    """

    crate: ROCrate
    story: Story
    levels: dict[str, int] = field(init=False)
    tools: list[tuple[str, str]] = field(init=False)
    parameters: Parameters = field(init=False)
    about: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        jobs = self.story.jobs
        self.levels = recorded_jobs.levels(jobs)
        self.tools = sorted({(job.rule, job.code) for job in jobs})
        self.parameters = Parameters(jobs, self.story.rules, self.story.given)

    def add(self, entity_id: str, kind: str | list[str], **properties: Any) -> str:
        """Add what is no file; properties without a value are left out. Returns its `@id`."""
        given = {key: value for key, value in properties.items() if value not in ("", [], None)}
        self.crate.add(ContextEntity(self.crate, entity_id, {"@type": kind} | given))
        return entity_id

    def value(self, place: tuple[str, ...], name: str, value: str, **properties: Any) -> str:
        """Add a named value."""
        return self.add(local_id(*place), "PropertyValue", name=name, value=value, **properties)

    def file(self, path: str) -> dict[str, str]:
        """A reference to a file, which need not be in the crate."""
        held = self.story.files.get(path)
        return ref(terms.file_id(path, held is not None and held.is_here))

    def versions_of(self, package: str) -> str:
        """The versions of a package in the environments of the jobs; "" if none is known."""
        found = (each["packages"].get(package) for each in self.story.environments.values())
        return ", ".join(sorted({each["version"] for each in found if each}))

    def software(self, version: str) -> dict[str, str]:
        """A version as a property: RO-Crate 1.3 wants `version` of any software, 1.1 did not."""
        return {"version" if self.story.profile.on_1_3 else "softwareVersion": version}

    def pins(self) -> list[str]:
        """Names of the environment variables that the jobs' numbers may depend on."""
        return sorted({pin for each in self.story.environments.values() for pin in each["pins"]})


def tool_id(rule: str, code: str) -> str:
    """The `@id` of a rule's script with its modules, as they were."""
    return local_id("tool", rule, code)


def step_id(rule: str) -> str:
    """The `@id` of a rule as a step of the workflow."""
    return local_id("step", rule)
