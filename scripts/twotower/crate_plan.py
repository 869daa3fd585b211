"""The planned half of a crate: the workflow, its steps and tools, their parameters."""

from typing import Any

from twotower import crate_people
from twotower import crate_terms as terms
from twotower.crate_story import Graph, step_id, tool_id
from twotower.crate_terms import ref

WORKFLOW = "Snakefile"
LOCK = "envs/requirements.txt"


def describe(graph: Graph) -> None:
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
            connection=[ref(each) for each in parameters.connections(rule)],
        )
    for entity_id, kind, properties in parameters.entities(graph.pins()):
        graph.add(entity_id, kind, **properties)
    for name, version, sha256 in _packages(graph):
        crate_people.package(graph.add, name, version, sha256)
    graph.add(terms.LOCK_FORMAT, "CreativeWork", name="requirements file of pip")
    graph.add(terms.LANGUAGE, "ComputerLanguage", name="Snakemake", url=ref(terms.SNAKEMAKE))


def workflow(graph: Graph) -> dict[str, Any]:
    """What the workflow's file has besides the properties of any file."""
    parameters, citation = graph.parameters, graph.story.citation
    found = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": citation.title,
        "conformsTo": ref(terms.WORKFLOW_PROFILE),
        "version": citation.version,
        "url": citation.url,
        "license": ref(crate_people.licence_id(citation.licence)),
        "programmingLanguage": ref(terms.LANGUAGE),
        "hasPart": [ref(tool_id(*tool)) for tool in graph.tools],
        "step": [ref(step_id(rule)) for rule in graph.levels],
        "input": [ref(each) for each in parameters.workflow_inputs()],
        "output": [ref(each) for each in parameters.workflow_outputs()],
        "connection": [ref(each) for each in parameters.final_connections()],
        "environment": [ref(each) for each in parameters.variables(graph.pins())],
        "softwareRequirements": [ref(crate_people.package_id(*each)) for each in _packages(graph)],
        "buildInstructions": graph.file(LOCK) if LOCK in graph.story.files else None,
    }
    return {key: value for key, value in found.items() if value}


def _describe_tool(graph: Graph, name: str, code: str) -> None:
    rule = graph.story.rules.get(name)
    script = graph.file(rule.script) if rule else None
    graph.add(
        tool_id(name, code),
        "SoftwareApplication",
        name=name,
        description=rule.message if rule else "",
        softwareVersion=code,
        url=graph.story.citation.url,
        mainEntity=script,
        softwareRequirements=[script] if script else [],
        input=[ref(each) for each in graph.parameters.inputs(name)],
        output=[ref(each) for each in graph.parameters.outputs(name)],
        environment=[ref(each) for each in graph.parameters.variables(graph.pins())],
    )


def _packages(graph: Graph) -> list[tuple[str, str, str]]:
    """Name, version and hash of every package that a job could import."""
    found = {
        (name, each["version"], each["sha256"])
        for environment in graph.story.environments.values()
        for name, each in environment["packages"].items()
    }
    return sorted(found)
