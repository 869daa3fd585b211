"""The graph of a Provenance Run Crate: what was planned, what ran, and how both are joined.

Planned: the Snakefile as workflow, a step and a tool for each rule, formal parameters, and the
connections between them. Ran: an action for each job, one for the run, one for Snakemake. Every
file is listed with its size and SHA-256.
"""

from pathlib import PurePosixPath
from typing import Any

from rocrate.rocrate import ROCrate

from twotower.audits.crate import actions, citation, plan
from twotower.audits.crate import entities as terms
from twotower.audits.crate.entities import local_id, ref, refs
from twotower.audits.crate.profiles import RUN_CONTEXT
from twotower.audits.crate.story import CrateGraph, Held, Story


def build(story: Story) -> ROCrate:
    """The crate, nothing of it written yet; the same story gives the same text."""
    profile = story.profile
    crate = ROCrate(version=profile.ro_crate)
    crate.metadata.extra_contexts.append(RUN_CONTEXT)
    crate.metadata.extra_terms.update(profile.more_terms)
    # RO-Crate 1.3 leaves profiles to the root, and wants its own version alone here.
    more = [] if profile.on_1_3 else [profile.workflow]
    crate.metadata["conformsTo"] = refs((profile.base, *more))
    graph = CrateGraph(crate, story)
    _describe_root(graph)
    plan.describe(graph)
    actions.describe(graph)
    _describe_files(graph)
    for entity in crate.get_entities():
        _compact(entity.properties())
    return crate


def _compact(properties: dict[str, Any]) -> None:
    """One value instead of a list of one, as RO-Crate recommends."""
    for key, value in properties.items():
        if isinstance(value, list) and len(value) == 1:
            properties[key] = value[0]


def _describe_root(graph: CrateGraph) -> None:
    story, root = graph.story, graph.crate.root_dataset
    kind = ["CreativeWork", "Profile"] if story.profile.on_1_3 else "CreativeWork"
    for address, (name, version) in story.profile.all.items():
        graph.add(address, kind, name=name, version=version)
    root["name"] = f"{story.citation.title.split(':')[0]}: study {story.name}"
    root["description"] = (
        f"The study {story.name} with all that it was made from and that it made: "
        f"{len(story.jobs)} jobs of {len(graph.levels)} rules, {len(story.files)} files. "
        "`sha256` holds the SHA-256 of each file's bytes."
    )
    root["datePublished"] = story.date
    root["conformsTo"] = [ref(address) for address in story.profile.all]
    told = "the licence of all files of the crate" if story.profile.on_1_3 else ""
    root["license"] = ref(citation.add_licence(graph.add, story.citation.licence, told))
    root["author"] = citation.add_authors(graph.add, story.citation.authors)
    root["mainEntity"] = graph.file(plan.WORKFLOW)
    works = [citation.add_work(graph.add, work) for work in story.citation.references]
    root["citation"] = [ref(work) for work in works]
    if story.root:
        told = "the Merkle root over the files of results/seal/manifest.json"
        place = ("seal",)
        graph.value(place, "root of the seal", story.root, description=told, propertyID="sha256")
        root["identifier"] = ref(local_id(*place))


def _describe_files(graph: CrateGraph) -> None:
    examples = graph.parameters.examples()
    for path, held in sorted(graph.story.files.items()):
        found = _file(graph, path, held)
        if path in examples:
            found["exampleOfWork"] = refs(examples[path])
        if held.is_here:
            graph.crate.add_file(dest_path=path, properties=found)
        else:
            found |= _place(graph, path)
            graph.add(terms.file_id(path, False), found.pop("@type"), **found)
    for path in graph.parameters.given:
        if path not in graph.story.files:
            studies = [run["study"] for run in graph.story.runs.values()]
            shas = {study["sha256"] for study in studies if study["file"] == path}
            shas |= {job.inputs.get(path) for job in graph.story.jobs}
            shas.discard(None)
            graph.add(
                terms.file_id(path, False),
                "File",
                name=path,
                description="given to the run, and not part of the crate",
                sha256=min(shas, default=""),
                **_place(graph, path),
                exampleOfWork=refs(examples[path]),
            )


def _place(graph: CrateGraph, path: str) -> dict[str, str]:
    """Where a file that is not held would lie: RO-Crate 1.3 has a property for this, 1.1 none."""
    is_known = graph.story.profile.on_1_3 and not path.startswith("given:")
    return {"localPath": path} if is_known else {}


def _file(graph: CrateGraph, path: str, held: Held) -> dict[str, Any]:
    found = {
        "@type": "File",
        "name": PurePosixPath(path).name,
        "description": held.kind,
        "encodingFormat": terms.media_type(path),
        "contentSize": str(held.bytes),
        "sha256": held.sha256,
    }
    if path in graph.about:
        found["about"] = ref(graph.about[path])
    if path == "README.md":
        found["about"] = ref("./")
    if path == terms.CROISSANT:
        formats = [
            graph.add(address, "CreativeWork", name=name, version=version)
            for address, (name, version) in terms.CROISSANT_FORMATS.items()
        ]
        found |= {"encodingFormat": "application/ld+json", "about": ref("./")}
        found["conformsTo"] = refs(formats)
    if path == plan.LOCK:
        found["conformsTo"] = ref(terms.LOCK_FORMAT)
    return found | (plan.workflow(graph) if path == plan.WORKFLOW else {})
