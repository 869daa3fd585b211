"""The planned half of a crate: the workflow, its steps and tools, their parameters."""

from typing import Any

from twotower.audits.crate import entities as terms
from twotower.audits.crate.entities import ref, refs
from twotower.audits.crate.story import CrateGraph, step_id, tool_id

WORKFLOW = "Snakefile"
LOCK = "envs/requirements.txt"


def describe(graph: CrateGraph) -> None:
    """Add steps, tools, parameters, connections, packages and the workflow's language."""
    parameters = graph.parameters
    for rule, code in graph.tools:
        _describe_tool(graph, rule, code)
    for rule, level in graph.levels.items():
        graph.add(
            step_id(rule),
            "HowToStep",
            name=rule,
            position=str(level),
            workExample=[ref(tool_id(*tool)) for tool in graph.tools if tool[0] == rule],
            connection=refs(parameters.connections(rule)),
        )
    for entity_id, kind, properties in parameters.entities(graph.pins()):
        graph.add(entity_id, kind, **properties)
    for each in _packages(graph):
        _describe_package(graph, *each)
    graph.add(terms.LOCK_FORMAT, "CreativeWork", name="requirements file of pip")
    known = graph.versions_of("snakemake") if graph.story.profile.on_1_3 else ""
    graph.add(
        terms.LANGUAGE,
        "ComputerLanguage",
        name="Snakemake",
        url=ref(terms.SNAKEMAKE),
        version=known,
    )


def workflow(graph: CrateGraph) -> dict[str, Any]:
    """What the workflow's file has besides the properties of any file."""
    parameters, citation = graph.parameters, graph.story.citation
    found = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": citation.title,
        # 1.3 names what this claim demands; an `sdPublisher` and an address no record can know.
        "conformsTo": None if graph.story.profile.on_1_3 else ref(terms.WORKFLOW_PROFILE),
        "version": citation.version,
        "url": citation.url,
        "license": ref(terms.licence_id(citation.licence)),
        "programmingLanguage": ref(terms.LANGUAGE),
        "hasPart": [ref(tool_id(*tool)) for tool in graph.tools],
        "step": [ref(step_id(rule)) for rule in graph.levels],
        **{name: refs(each) for name, each in parameters.of_workflow().items()},
        "environment": refs(map(parameters.variable, graph.pins())),
        "softwareRequirements": [ref(terms.package_id(*each)) for each in _packages(graph)],
        "buildInstructions": graph.file(LOCK) if LOCK in graph.story.files else None,
    }
    return {key: value for key, value in found.items() if value}


def _describe_tool(graph: CrateGraph, name: str, code: str) -> None:
    rule = graph.story.rules.get(name)
    script = graph.file(rule.script) if rule else None
    graph.add(
        tool_id(name, code),
        "SoftwareApplication",
        name=name,
        description=rule.message if rule else "",
        **graph.software(code),
        url=graph.story.citation.url or _source(graph, script),
        mainEntity=script,
        softwareRequirements=[script] if script else [],
        input=refs(graph.parameters.inputs(name)),
        output=refs(graph.parameters.outputs(name)),
        environment=refs(map(graph.parameters.variable, graph.pins())),
    )


def _source(graph: CrateGraph, script: dict[str, str] | None) -> dict[str, str] | None:
    """The address of a tool that has no page on the web: RO-Crate 1.3 demands one."""
    return (script or graph.file(WORKFLOW)) if graph.story.profile.on_1_3 else None


def _describe_package(graph: CrateGraph, name: str, version: str, sha256: str) -> None:
    graph.add(
        terms.package_id(name, version, sha256),
        "SoftwareApplication",
        name=name,
        **graph.software(version),
        description="sha256 is of the lines of RECORD that its wheel has" if sha256 else "",
        sha256=sha256,
        url=terms.package_url(name, version) if graph.story.profile.on_1_3 else "",
    )


def _packages(graph: CrateGraph) -> list[tuple[str, str, str]]:
    """Name, version and hash of every package that a job could import."""
    found = {
        (name, each["version"], each["sha256"])
        for environment in graph.story.environments.values()
        for name, each in environment["packages"].items()
    }
    return sorted(found)
