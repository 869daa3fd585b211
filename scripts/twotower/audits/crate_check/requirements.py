"""What Provenance Run Crate 0.6 demands and recommends, as rows that are checked on any graph.

The words are this project's, the demands those of the texts that each row names: RO-Crate 1.3
(June 2026; its repository at commit 1af7f304), Workflow RO-Crate 1.1, and the profiles 0.6 of
process, workflow and provenance (September 2026; at b801c957, 1a5db6fa and b801c957). Left out,
since no crate of this project has them: workflows within workflows, skipped steps, failed actions
and files under another name. What is only allowed (MAY) is no row.
"""

from twotower.audits.crate.profiles import PROFILES
from twotower.audits.crate_check import conditions as those
from twotower.audits.crate_check import whole_graph
from twotower.audits.crate_check.graph_view import TOOLS, ids, values
from twotower.audits.crate_check.rules import (
    MUST,
    SHOULD,
    Rule,
    given,
    names,
    refers,
    typed,
    whether,
)

PROFILE = PROFILES["0.6"]
_PROCESS, _RUN, _PROVENANCE, _WORKFLOW = PROFILE.all
_OWN = "this project"
_RO = "RO-Crate 1.3"
_JSON, _ROOT, _DATA = f"{_RO}, JSON-LD", f"{_RO}, root data entity", f"{_RO}, data entities"
_SOFTWARE, _PROFILES = f"{_RO}, workflows and scripts", f"{_RO}, profiles"
_W = "Workflow RO-Crate 1.1"
_PROC, _WF, _PROV = "Process Run Crate 0.6", "Workflow Run Crate 0.6", "Provenance Run Crate 0.6"
_TYPES = "File|Dataset|Collection|PropertyValue|DataType|Boolean|Date|DateTime|Number|Text|Time|" \
         "Integer|Float|URL"  # fmt: skip
_SLOTS = ("input", "output", "environment")
_USED = ("File", "Dataset", "Collection", "CreativeWork", "PropertyValue")
_BIOSCHEMAS = ("name", "programmingLanguage", "creator", "dateCreated", "license", "sdPublisher",
               "url", "version")  # fmt: skip
_ONE = whether("is one value", lambda _, entity, key: len(values(entity.get(key))) == 1)
_BASE = whether(f"is {PROFILE.base}", lambda _, entity, key: PROFILE.base in ids(entity.get(key)))
_CONTEXT = whether(
    f"holds {PROFILE.context}", lambda view, *_: PROFILE.context in values(view.context)
)


RULES = tuple(Rule(*row) for row in (
    # ------------------------------------------------------------ the document
    (MUST, "document", "@graph", whole_graph.whole, f"{_ROOT}; {_W}; {_PROV}"),
    (MUST, "document", "@graph", whole_graph.one_of_each, f"{_RO}, contextual entities"),
    (MUST, "document", "@graph", whole_graph.flat, _JSON),
    (MUST, "document", "@graph", whole_graph.no_dangling, _OWN),
    (MUST, "document", "@graph", whole_graph.all_parts, _DATA),
    (SHOULD, "document", "@graph", whole_graph.all_reached, f"{_RO}, metadata"),
    (SHOULD, "document", "@context", _CONTEXT, f"{_W}, context"),
    (MUST, "document", "@context", whole_graph.known_contexts, _OWN),
    (MUST, "document", "@context", whole_graph.all_terms, f"{_JSON}, extending"),
    (MUST, "document", "@context", whole_graph.new_addresses, f"{_WF}, changelog"),
    (MUST, "document", "@graph", whole_graph.no_old_addresses, f"{_WF}, changelog"),
    # ------------------------------------------------------------ descriptor, root and profiles
    (MUST, "descriptor", "@type", typed("CreativeWork"), _ROOT),
    (MUST, "descriptor", "conformsTo", _BASE, f"{_W}, context"),
    (SHOULD, "descriptor", "conformsTo", _ONE, _ROOT),
    (MUST, "root", "@type", typed("Dataset"), _ROOT),
    (MUST, "root", "name", given(), _ROOT),
    (MUST, "root", "description", given(), _ROOT),
    (MUST, "root", "datePublished", those.date(), _ROOT),
    (MUST, "root", "license", given(), f"{_ROOT}; {_W}"),
    (MUST, "root", "mainEntity", refers("ComputationalWorkflow"), f"{_W}, main workflow"),
    (MUST, "root", "conformsTo", names(_PROCESS), _PROC),
    (MUST, "root", "conformsTo", names(_RUN), _WF),
    (MUST, "root", "conformsTo", names(_PROVENANCE), _PROV),
    (SHOULD, "root", "conformsTo", names(_WORKFLOW), f"{_W}; {_WF}; {_PROV}"),
    (MUST, "root", "conformsTo", refers("Profile"), _PROFILES),
    (MUST, "profile", "@type", typed("CreativeWork"), f"{_PROC}; {_WF}; {_PROV}"),
    (SHOULD, "profile", "name", given(), _PROFILES),
    (SHOULD, "root", "hasPart", names("README.md"), f"{_W}, crate"),
    (SHOULD, "readme", "about", names("./"), f"{_W}, crate"),
    (SHOULD, "readme", "encodingFormat", those.text("text/markdown", "is text/markdown"), _W),
    (SHOULD, "licence", "name", given(), _ROOT),
    (SHOULD, "licence", "description", given(), _ROOT),
    # ------------------------------------------------------------ files
    *((SHOULD, "file", key, given(), _DATA)
      for key in ("name", "description", "encodingFormat", "contentSize")),
    (SHOULD, "file that is not held", "localPath", given(), _DATA),
    (SHOULD, "build file", "encodingFormat", those.any_of("conformsTo"), _PROV),
    # ------------------------------------------------------------ what was planned
    (MUST, "main workflow", "@type",
     typed("File", "SoftwareSourceCode", "ComputationalWorkflow"), f"{_W}; {_PROV}"),
    (MUST, "main workflow", "@type", those.with_steps(), f"{_W}; {_PROV}"),
    (MUST, "main workflow", "name", given(), _SOFTWARE),
    (MUST, "main workflow", "programmingLanguage", refers(), f"{_W}, main workflow"),
    (MUST, "main workflow", "hasPart", refers(*TOOLS), _PROV),
    (SHOULD, "main workflow", "step", refers("HowToStep"), _PROV),
    (SHOULD, "main workflow", "conformsTo", given(), f"{_W}, Bioschemas"),
    *((MUST, "workflow by Bioschemas", key, given(), _SOFTWARE) for key in _BIOSCHEMAS),
    *((MUST, kind, key, refers("FormalParameter", if_any=True), _WF)
      for kind in ("main workflow", "tool") for key in _SLOTS),
    *((MUST, kind, key, given(), _SOFTWARE)
      for kind in ("ComputerLanguage", "SoftwareApplication") for key in ("name", "url")),
    (MUST, "ComputerLanguage", "version", given(), _SOFTWARE),
    (MUST, "SoftwareApplication", "version", those.any_of("softwareVersion"), _SOFTWARE),
    (SHOULD, "SoftwareApplication", "version", those.one_version(), _PROC),
    (SHOULD, "tool", "name", given(), _PROC),
    (MUST, "HowToStep", "workExample", refers(*TOOLS), _PROV),
    (MUST, "HowToStep", "@id", those.listed_by("main workflow", by=("step",)), _PROV),
    (MUST, "HowToStep", "position", those.in_order(), _PROV),
    (MUST, "FormalParameter", "additionalType", given(), _WF),
    (SHOULD, "FormalParameter", "additionalType",
     those.text(_TYPES, "is a kind of file or value"), _WF),
    (SHOULD, "FormalParameter", "name", given(), _WF),
    (MUST, "FormalParameter", "@id", those.listed_by("main workflow", "tool", by=_SLOTS), _WF),
    (SHOULD, "example", "exampleOfWork", refers("FormalParameter"), _WF),
    *((MUST, "ParameterConnection", key, refers("FormalParameter"), f"{_OWN}, as {_PROV} shows")
      for key in ("sourceParameter", "targetParameter")),
    (SHOULD, "ParameterConnection", "@id",
     those.listed_by("main workflow", "HowToStep", by=("connection",)), _PROV),
    # ------------------------------------------------------------ what ran
    (MUST, "CreateAction", "instrument", refers(*TOOLS), _PROC),
    (MUST, "job", "instrument", those.leads_into("main workflow", "hasPart"), _PROV),
    (SHOULD, "CreateAction", "@id", those.listed_by("root", by=("mentions",)), _PROC),
    *((SHOULD, "CreateAction", key, given(), _PROC)
      for key in ("name", "description", "endTime", "agent", "result")),
    *((SHOULD, "CreateAction", key, refers(*_USED, if_any=True), _PROC)
      for key in ("object", "result")),
    (SHOULD, "CreateAction", "environment", refers("PropertyValue", if_any=True), _PROC),
    (SHOULD, "CreateAction", "error", those.only_with("actionStatus", "FailedActionStatus"), _PROC),
    (MUST, "CreateAction", "resourceUsage", refers("PropertyValue", if_any=True), _PROV),
    (MUST, "used resource", "propertyID", given(), _PROV),
    (SHOULD, "used resource", "unitCode", given(), _PROV),
    (MUST, "ControlAction", "instrument", refers("HowToStep"), _PROV),
    (MUST, "ControlAction", "object", refers("CreateAction"), _PROV),
    (MUST, "ControlAction", "object", those.runs_of_the_step(), _PROV),
    (MUST, "OrganizeAction", "instrument", refers(*TOOLS), _PROV),
    (MUST, "OrganizeAction", "object", those.holds_all("ControlAction"), _PROV),
    (SHOULD, "OrganizeAction", "object", those.with_a_file(), f"{_PROV}, engine configuration"),
    (MUST, "OrganizeAction", "result", those.leads_to("run"), _PROV),
    *((SHOULD, "ContainerImage", key, given(), _PROC)
      for key in ("additionalType", "registry", "name")),
    *((SHOULD, "Collection", key, given(), _PROC) for key in ("hasPart", "mainEntity")),
))  # fmt: skip
"""Level, entities, property, what must hold, and which text says so."""
