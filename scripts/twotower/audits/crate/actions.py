"""The half of a crate that says what ran: every job, the run as a whole, and Snakemake itself.

No action has a time or an agent: records have none, so that equal runs leave equal crates. None has
a status: what left records has succeeded, and that is what no status means.
"""

from twotower.audits.crate import entities as terms
from twotower.audits.crate.entities import local_id, ref, refs
from twotower.audits.crate.plan import WORKFLOW
from twotower.audits.crate.recorded_jobs import ToldJob
from twotower.audits.crate.story import CrateGraph, step_id, tool_id
from twotower.base import identity

RUN = local_id("run")
ENGINE = local_id("engine")
PROFILE = "profiles/default/config.yaml"


def describe(graph: CrateGraph) -> None:
    """Add an action for each job, one for the run, one for Snakemake, and all their values."""
    for digest, environment in sorted(graph.story.environments.items()):
        _describe_environment(graph, digest, environment)
    _describe_settings(graph)
    for job in graph.story.jobs:
        _describe_job(graph, job)
    _describe_run(graph)
    actions = [RUN, ENGINE, *map(_action, graph.story.jobs)]
    graph.crate.root_dataset["mentions"] = refs(actions)


def _describe_environment(graph: CrateGraph, digest: str, environment: dict) -> None:
    path = f"results/records/environments/{digest}.json"
    place = graph.value(
        ("environment", digest),
        "environment",
        digest,
        description="Python, packages, processor, threads and pins of a job's process",
        subjectOf=graph.file(path),
    )
    if graph.story.profile.on_1_3:  # so that one comes to those that no job had, too
        graph.about[path] = place
    for name, value in environment["pins"].items():
        if value:
            where = ref(graph.parameters.variable(name))
            graph.value(("pin", name, value), name, value, exampleOfWork=where)


def _describe_settings(graph: CrateGraph) -> None:
    jobs, known = graph.story.jobs, graph.story.settings
    rules: dict[str, set[str]] = {}
    for job in jobs:
        rules.setdefault(job.settings, set()).add(job.rule)
    for digest, users in sorted(rules.items()):
        graph.value(
            ("settings", digest),
            "settings",
            digest,
            description="the SHA-256 of the rule's slice of the study, as canonical JSON",
            exampleOfWork=[ref(graph.parameters.settings(rule)) for rule in sorted(users)],
        )
    for short in sorted({each for job in jobs for each in _meant(graph, job)}):
        text = identity.canonical_json(known[short])
        graph.value(("id", short), f"what {short} stands for", text, propertyID=short)


def _describe_job(graph: CrateGraph, job: ToldJob) -> None:
    values = [local_id("settings", job.settings)]
    values += [local_id("id", short) for short in _meant(graph, job)]
    used = []
    for name, value in job.usage.items():
        title, column, unit = terms.USAGE[name]
        measured = f"{terms.MEASURED}/{column}"
        place = ("usage", job.id, name)
        used.append(graph.value(place, title, f"{value:g}", propertyID=measured, unitCode=unit))
    graph.about[job.timed] = graph.add(
        _action(job),
        "CreateAction",
        name=job.said,
        description=f"a job of the rule {job.rule}, code {job.code}"
        + (f", bookkeeping {other}" if (other := job.record.get("bookkeeping")) else ""),
        instrument=ref(tool_id(job.rule, job.code)),
        object=[graph.file(path) for path in job.inputs] + refs(values),
        result=[graph.file(path) for path in job.made],
        environment=_environment(graph, job),
        resourceUsage=refs(used),
    )


def _meant(graph: CrateGraph, job: ToldJob) -> list[str]:
    """The short ids in a job's wildcards: one of a data set, or one of a run."""
    words = {part for value in job.wildcards.values() for part in value.split("-")}
    return sorted(words & graph.story.settings.keys())


def _environment(graph: CrateGraph, job: ToldJob) -> list[dict[str, str]]:
    if job.environment not in graph.story.environments:
        return []
    pins = graph.story.environments[job.environment]["pins"]
    found = [local_id("environment", job.environment)]
    found += [local_id("pin", name, value) for name, value in pins.items() if value]
    return refs(found)


def _describe_run(graph: CrateGraph) -> None:
    story = graph.story
    graph.add(
        terms.SNAKEMAKE,
        "SoftwareApplication",
        name="Snakemake",
        **graph.software(graph.versions_of("snakemake")),
        url=ref(terms.SNAKEMAKE),
    )
    graph.add(
        RUN,
        "CreateAction",
        name=f"run of the study {story.name}",
        description="; ".join(dict.fromkeys(_told(run) for _, run in sorted(story.runs.items()))),
        instrument=graph.file(WORKFLOW),
        object=[graph.file(path) for path in graph.parameters.given],
        result=[graph.file(path) for path in graph.parameters.final],
    )
    graph.about |= dict.fromkeys(story.runs, RUN)
    controls = [_control(graph, rule) for rule in graph.levels]
    settings = []
    if story.profile.on_1_3 and PROFILE in story.files:
        settings = [graph.file(PROFILE)]
    # The text of 0.5 too has Snakemake's settings among the objects; its shapes refuse them there.
    graph.about[PROFILE] = graph.add(
        ENGINE,
        "OrganizeAction",
        name="run of Snakemake",
        instrument=ref(terms.SNAKEMAKE),
        object=settings + refs(controls),
        result=ref(RUN),
    )


def _control(graph: CrateGraph, rule: str) -> str:
    return graph.add(
        local_id("control", rule),
        "ControlAction",
        name=f"all jobs of {rule}",
        instrument=ref(step_id(rule)),
        object=[ref(_action(job)) for job in graph.story.jobs if job.rule == rule],
    )


def _action(job: ToldJob) -> str:
    return local_id("job", job.rule, job.id)


def _told(run: dict) -> str:
    changes = ", with changes that no commit holds" if run.get("diff") else ""
    return f"commit {run.get('commit') or 'unknown'}{changes}"
