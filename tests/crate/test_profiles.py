"""Crates in Provenance Run Crate 0.6: every rule of the profile's text holds, and each is seen to.

No public validator knows 0.6 yet. So the rules are rows of this project's own (see
`crate_requirements`), and every kind of row is broken here once. What others find: test_judges.py.
"""

from pathlib import Path

import pytest

import planted_study as planted
from graphs import claiming, content_of, entity, graph, ids, job
from twotower.audits import exporting
from twotower.audits.crate import profiles
from twotower.audits.crate_check import check
from twotower.audits.crate_check.requirements import RULES
from twotower.audits.crate_check.rules import MUST, SHOULD, broken
from twotower.audits.verify import verification
from twotower.base import places

NEWER = profiles.PROFILES["0.6"]
OPEN = {("main workflow", "conformsTo"), ("CreateAction", "endTime"), ("CreateAction", "agent")}
"""What 0.6 recommends and no record can tell."""
BIOSCHEMAS = "https://bioschemas.org/"


def faults(content: dict, level: str) -> set[tuple[str, str]]:
    """Entities and properties of the rows that are broken."""
    found = [each.rule for each in broken(RULES, content)]
    return {(rule.entity, rule.property) for rule in found if rule.level == level}


def test_a_crate_in_the_newer_version_keeps_every_rule_of_it(newer, study):
    content = content_of(newer)
    assert content["@context"] == [NEWER.context, profiles.RUN_CONTEXT]
    assert [*broken([each for each in RULES if each.level == MUST], content)] == []
    assert faults(content, SHOULD) == OPEN
    entities = graph(newer)
    assert entities["ro-crate-metadata.json"]["conformsTo"] == {"@id": NEWER.base}
    assert set(ids(entities["./"]["conformsTo"])) == NEWER.all.keys()
    handed = ids(entities["#engine"]["object"])
    assert {"#control/train", "profiles/default/config.yaml"} <= set(handed)
    assert check.check(newer).faults == {}
    found = verification.verify(newer)
    assert (found.wrong(), found.faults) == ({}, [])
    assert profiles.of(content["@graph"], newer) == "0.6"


def test_what_is_left_out_tells_where_it_would_lie(study):
    exporting.export(Path("crate"), frozenset({"data", "weights"}), NEWER)
    content = content_of(Path("crate"))
    assert faults(content, MUST) == set() and faults(content, SHOULD) == OPEN
    assert graph(Path("crate"))[f"#{planted.RATINGS}"]["localPath"] == planted.RATINGS
    found = check.check(Path("crate"))
    assert (found.faults, found.left_out) == ({}, {"data": (4, 4), "weights": (2, 2)})


def test_files_from_elsewhere_have_no_place_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "PROJECT", tmp_path.resolve())
    planted.plant(tmp_path, real=True)
    exporting.export(Path("crate"), profile=NEWER)
    content = content_of(Path("crate"))
    assert faults(content, MUST) == set()
    assert faults(content, SHOULD) == OPEN | {("file that is not held", "localPath")}
    given_file = entity(content, "#given")
    assert given_file["name"] == "given:u.data" and "localPath" not in given_file


def test_both_versions_tell_the_same_story(newer, crate):
    """All that differs is what the versions themselves want otherwise."""
    older, other = graph(crate), graph(newer)
    changed = older.keys() ^ other.keys()
    assert changed == profiles.PROFILES["0.5"].all.keys() ^ NEWER.all.keys()
    for name in (job(older, "train")["@id"], "#run", "#step/train", planted.WEIGHTS):
        assert older[name] == other[name]
    tool = ids(job(older, "train")["instrument"])[0]
    assert older[tool]["softwareVersion"] == other[tool]["version"]
    assert other[tool]["url"] == {"@id": "scripts/towers/train.py"}


# ------------------------------------------------------------ each kind of row, broken


def without(start: str, *keys: str):
    def harm(content: dict) -> None:
        for key in keys:
            del entity(content, start)[key]

    return harm


def given(start: str, **properties):
    return lambda content: entity(content, start).update(properties)


def gone(start: str):
    return lambda content: content["@graph"].remove(entity(content, start))


def older_context(content: dict) -> None:
    content["@context"][0] = profiles.PROFILES["0.5"].context


def older_context_last(content: dict) -> None:
    content["@context"].append(profiles.PROFILES["0.5"].context)


def older_term(content: dict) -> None:
    content["@context"].append({"input": BIOSCHEMAS + "properties/input"})


def older_type(content: dict) -> None:
    entity(content, "#parameter/train/settings")["@type"] = BIOSCHEMAS + "FormalParameter"


def unknown_context(content: dict) -> None:
    content["@context"].append("https://example.org/context")


def without_run_context(content: dict) -> None:
    content["@context"].pop()


def twice(content: dict) -> None:
    content["@graph"].append({"@id": "#run", "@type": "Thing"})


def nested(content: dict) -> None:
    entity(content, "./")["author"] = {"@type": "Person", "name": "Ada"}


def fewer_profiles(content: dict) -> None:
    root = entity(content, "./")
    root["conformsTo"] = [each for each in root["conformsTo"] if "/provenance/" not in each["@id"]]


def another_order(content: dict) -> None:
    entity(content, "#step/train")["position"] = entity(content, "#step/generate_data")["position"]


def another_tool(content: dict) -> None:
    entity(content, "#job/train/")["instrument"] = entity(content, "#job/claims/")["instrument"]


def no_runs(content: dict) -> None:
    content["@graph"] = [each for each in content["@graph"] if each["@type"] != "CreateAction"]


def claims_bioschemas(content: dict) -> None:
    address = BIOSCHEMAS + "profiles/ComputationalWorkflow/1.0-RELEASE"
    entity(content, "Snakefile")["conformsTo"] = {"@id": address}


HARMS = {
    "no conformsTo of the root": (without("./", "conformsTo"), "root", "conformsTo"),
    "a profile less": (fewer_profiles, "root", "conformsTo"),
    "a profile without an entity": (gone(f"{profiles.RUN}/process"), "root", "conformsTo"),
    "a profile of another type": (given(f"{profiles.RUN}/process", **{"@type": "Profile"}),
                                  "profile", "@type"),
    "the base of 0.5": (given("ro-crate", conformsTo={"@id": "https://w3id.org/ro/crate/1.1"}),
                        "descriptor", "conformsTo"),
    "no descriptor": (gone("ro-crate"), "document", "@graph"),
    "no name": (without("./", "name"), "root", "name"),
    "no licence": (without("./", "license"), "root", "license"),
    "no date": (given("./", datePublished="yesterday"), "root", "datePublished"),
    "no main workflow": (without("./", "mainEntity"), "root", "mainEntity"),
    "the context of 0.5": (older_context, "document", "@context"),
    "the context of 0.5 last": (older_context_last, "document", "@context"),
    "an old address of a term": (older_term, "document", "@context"),
    "an old address as type": (older_type, "document", "@graph"),
    "a context that is not known": (unknown_context, "document", "@context"),
    "terms without a context": (without_run_context, "document", "@context"),
    "an @id twice": (twice, "document", "@graph"),
    "an @id that is no text": (given("#run", **{"@id": ["#run"]}), "document", "@graph"),
    "an entity within another": (nested, "document", "@graph"),
    "an @id that leads nowhere": (given("./", about={"@id": "#nothing"}), "document", "@graph"),
    "a file that is no part": (given("./", hasPart={"@id": "README.md"}), "document", "@graph"),
    "a parameter less": (gone("#parameter/train/input"), "tool", "input"),
    "a parameter of no tool": (without("#tool/train/", "input"), "FormalParameter", "@id"),
    "a parameter of no type": (without("#parameter/train/input", "additionalType"),
                               "FormalParameter", "additionalType"),
    "half a connection": (without("#connection/", "sourceParameter"),
                          "ParameterConnection", "sourceParameter"),
    "no run at all": (no_runs, "document", "@graph"),
    "a run of no tool": (without("#job/train/", "instrument"), "CreateAction", "instrument"),
    "a run of another tool": (another_tool, "ControlAction", "object"),
    "a tool that the workflow lacks": (without("Snakefile", "hasPart"), "job", "instrument"),
    "a tool without an address": (without("#tool/train/", "url"), "SoftwareApplication", "url"),
    "a package without a version": (without("#package/", "version"),
                                    "SoftwareApplication", "version"),
    "a language without a version": (without("https://w3id.org/workflowhub/workflow-ro-crate#",
                                             "version"), "ComputerLanguage", "version"),
    "a workflow that is no HowTo": (given("Snakefile", **{"@type": ["File", "SoftwareSourceCode",
                                                                    "ComputationalWorkflow"]}),
                                    "main workflow", "@type"),
    "no language": (without("Snakefile", "programmingLanguage"),
                    "main workflow", "programmingLanguage"),
    "a step of no tool": (without("#step/train", "workExample"), "HowToStep", "workExample"),
    "a step of no workflow": (without("Snakefile", "step"), "HowToStep", "@id"),
    "steps out of order": (another_order, "HowToStep", "position"),
    "a step's run of no step": (without("#control/train", "instrument"),
                                "ControlAction", "instrument"),
    "a step's run of no run": (without("#control/train", "object"), "ControlAction", "object"),
    "an engine of no name": (without("#engine", "instrument"), "OrganizeAction", "instrument"),
    "an engine without steps": (without("#engine", "object"), "OrganizeAction", "object"),
    "an engine of another run": (given("#engine", result={"@id": "#control/train"}),
                                 "OrganizeAction", "result"),
    "a resource of no meaning": (without("#usage/", "propertyID"), "used resource", "propertyID"),
    "a claim on Bioschemas": (claims_bioschemas, "workflow by Bioschemas", "sdPublisher"),
}  # fmt: skip


@pytest.mark.parametrize("harm, entities, key", HARMS.values(), ids=HARMS)
def test_what_breaks_a_rule_is_named(newer, harm, entities, key):
    content = content_of(newer)
    harm(content)
    found = faults(content, MUST)
    assert (entities, key) in found
    for each in broken(RULES, content):
        assert each.place and each.rule.source in each.text()


def test_rules_that_a_sound_crate_follows_are_seen_when_they_are_not(newer):
    content = content_of(newer)
    files = [each for each in content["@graph"] if each["@id"] == "LICENSE"]
    for key in ("name", "description", "encodingFormat", "contentSize"):
        del files[0][key]
    entity(content, "./")["mentions"] = {"@id": "#run"}
    entity(content, "README.md")["about"] = {"@id": "LICENSE"}
    entity(content, "#engine")["object"].remove({"@id": "profiles/default/config.yaml"})
    entity(content, "#parameter/train/input")["additionalType"] = "Paper"
    assert faults(content, MUST) == set()
    seen = {("file", "name"), ("file", "contentSize"), ("CreateAction", "@id"), ("readme", "about"),
            ("OrganizeAction", "object"), ("FormalParameter", "additionalType")}  # fmt: skip
    assert seen <= faults(content, SHOULD)


def test_an_older_crate_is_none_in_the_newer_version(crate):
    found = faults(content_of(crate), MUST)
    assert {("document", "@context"), ("descriptor", "conformsTo"), ("root", "conformsTo")} <= found


# ------------------------------------------------------------ which version


@pytest.mark.parametrize("versions", [["0.7"], ["0.5", "0.6"], ["../0.6"]])
def test_a_version_that_nothing_here_judges_is_refused(versions):
    told = f"names Provenance Run Crate {' and '.join(versions)}; allowed: one of 0.5, 0.6"
    with pytest.raises(profiles.ProfileError, match=told):
        profiles.of(claiming(*versions), Path("crate"))
    assert profiles.of(claiming(), Path("crate")) == "0.5"
