"""Formal parameters of a workflow and its tools, and how outputs of one become inputs of another.

A tool's output is named as its rule names it. An input is named by what it is an output of:
records say which files a job read, not which keyword they had.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from twotower.audits.crate import entities as terms
from twotower.audits.crate.entities import local_id, ref
from twotower.audits.crate.recorded_jobs import ToldJob
from twotower.records.job_graph import TIMED
from twotower.records.workflow_rules import Rule

WORKFLOW = "workflow"


class Parameters:
    """The parameters that the jobs of a study show.

    Attributes:
        given: files that the run was given, by path.

    Args:
        jobs: every job that ran.
        rules: by name, as they are written.
        given: files that the run was given, besides those that a job read and none made.
    """

    def __init__(
        self, jobs: Iterable[ToldJob], rules: dict[str, Rule], given: Iterable[str]
    ) -> None:
        self._outputs: dict[str, tuple[str, str]] = {}  # rule and name, by path
        self._read: dict[str, set[str]] = {}  # paths, by rule
        for job in jobs:
            rule = rules.get(job.rule)
            for path in job.made:
                self._outputs[path] = job.rule, rule.output_name(path) if rule else "output"
            self._read.setdefault(job.rule, set()).update(job.inputs)
        outside = {path for paths in self._read.values() for path in paths} - self._outputs.keys()
        self.given = sorted(outside | set(given))

    # ------------------------------------------------------------ by rule

    def outputs(self, rule: str) -> list[str]:
        """The `@id`s of a tool's outputs."""
        return sorted({_output(*each) for each in self._outputs.values() if each[0] == rule})

    def inputs(self, rule: str) -> list[str]:
        """The `@id`s of a tool's inputs, its settings among them."""
        return [
            *sorted({self._input(rule, path) for path in self._read[rule]}),
            self.settings(rule),
        ]

    def settings(self, rule: str) -> str:
        """The `@id` of the parameter that holds a rule's slice of the study."""
        return local_id("parameter", rule, "settings")

    def connections(self, rule: str) -> list[str]:
        """The `@id`s of the connections that end at a tool."""
        ends = {(self._source(path), self._input(rule, path)) for path in self._read[rule]}
        return sorted(_connection(*each) for each in ends)

    def variable(self, name: str) -> str:
        """The `@id` of an environment variable."""
        return local_id("parameter", "environment", name)

    # ------------------------------------------------------------ of the workflow

    @cached_property
    def final(self) -> list[str]:
        """Paths of the results that no job reads: what the workflow is for."""
        read = {path for paths in self._read.values() for path in paths}
        unread = self._outputs.keys() - read
        return sorted(path for path in unread if not PurePosixPath(path).is_relative_to(TIMED))

    def of_workflow(self) -> dict[str, list[str]]:
        """The `@id`s of what the whole run was given and of what is left of it, and of the
        connections that end there.
        """
        ends = self._final_ends()
        return {
            "input": [_given(path) for path in self.given],
            "output": [final for _, final in ends],
            "connection": [_connection(*each) for each in ends],
        }

    # ------------------------------------------------------------ all of them

    def examples(self) -> dict[str, list[str]]:
        """By path, the `@id`s of the parameters that the file is an example of."""
        found: dict[str, set[str]] = {path: {_given(path)} for path in self.given}
        for path, made in self._outputs.items():
            found.setdefault(path, set()).add(_output(*made))
        for path in self.final:
            found[path].add(_final(*self._outputs[path]))
        for rule, paths in self._read.items():
            for path in paths:
                found[path].add(self._input(rule, path))
        return {path: sorted(ids) for path, ids in found.items()}

    def entities(self, variables: Iterable[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """`@id`, type and properties of each parameter and each connection."""
        kinds: dict[str, str] = {}
        for path, ids in sorted(self.examples().items()):
            kinds |= {each: terms.media_type(path) for each in ids if each not in kinds}
        for each, kind in sorted(kinds.items()):
            name = each.rsplit("/", 1)[-1]
            yield _formal(each, name, "File", encodingFormat=kind)
        for rule in sorted(self._read):
            yield _formal(self.settings(rule), "settings", "PropertyValue")
        for name in sorted(variables):
            yield _formal(self.variable(name), name, "Text")
        ends = set(self._final_ends())
        for rule, paths in self._read.items():
            ends |= {(self._source(path), self._input(rule, path)) for path in paths}
        for source, target in sorted(ends):
            both = {"sourceParameter": ref(source), "targetParameter": ref(target)}
            yield _connection(source, target), "ParameterConnection", both

    def _input(self, rule: str, path: str) -> str:
        if path in self._outputs:
            return local_id("parameter", rule, "input", *self._outputs[path])
        return local_id("parameter", rule, "input", "given", PurePosixPath(path).name)

    def _source(self, path: str) -> str:
        return _output(*self._outputs[path]) if path in self._outputs else _given(path)

    def _final_ends(self) -> list[tuple[str, str]]:
        made = sorted({self._outputs[path] for path in self.final})
        return [(_output(*each), _final(*each)) for each in made]


def _output(rule: str, name: str) -> str:
    return local_id("parameter", rule, "output", name)


def _given(path: str) -> str:
    return local_id("parameter", WORKFLOW, "input", PurePosixPath(path).name)


def _final(rule: str, name: str) -> str:
    return local_id("parameter", WORKFLOW, "output", rule, name)


def _connection(source: str, target: str) -> str:
    ends = (each.removeprefix("#parameter/") for each in (source, target))
    return f"#connection/{'--'.join(ends)}"


def _formal(entity_id: str, name: str, kind: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return entity_id, "FormalParameter", {"name": name, "additionalType": kind} | more
