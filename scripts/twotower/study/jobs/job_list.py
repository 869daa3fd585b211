"""The jobs of a study: the one list of them.

The workflow's rules take what they need from here, `make plan` counts these jobs, and `make verify`
holds recorded jobs against them. What a job depends on says `twotower.study.jobs.job_settings`,
what it reads `twotower.study.jobs.job_inputs`.
"""

from collections.abc import Iterator
from functools import cached_property

from twotower.data import groups, sampling
from twotower.study import analyses, arms, grid
from twotower.study.schema import Study

FORMATS = ("pdf", "png", "svg")
"""Of every figure."""


class JobList:
    """The jobs of a whole run of a study, each as its rule and the values of its wildcards.

    Attributes:
        study: its validated values.
        cells: in the order of the study.
        runs: by id.
        data, sizes: settings and sample sizes of each data set, by id.
        blocks: first and one past the last replicate of each training job of a run.
        wanted: analyses that the study has.

    Raises:
        SharedIdError: if two cells, runs or data sets have one id.
        ValueError: for cells that `reading.validated` refuses.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.cells = grid.cells(study)
        grid.by_id((cell.id, cell.spec) for cell in self.cells)
        self.runs = grid.by_id((run.id, run) for run in grid.runs(study))
        self.data = grid.by_id((cell.data_id, cell.data_spec) for cell in self.cells)
        sizes: dict[str, set[int]] = {data: set() for data in self.data}
        self._runs_of: dict[str, list[tuple[str, grid.Run]]] = {c.id: [] for c in self.cells}
        for cell in self.cells:
            sizes[cell.data_id].update(cell.sample_sizes)
        for run_id, run in self.runs.items():
            self._runs_of[run.cell.id].append((run_id, run))
        self.sizes = {data: sorted(each) for data, each in sizes.items()}
        self.blocks = study.blocks()
        self.wanted = analyses.of(study, {d.get("sampling", "fresh") for d in self.data.values()})

    def __iter__(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Rule and wildcards of every job of a whole run from nothing, in the order of stages."""
        yield from (("predict", {"fit": fit}) for fit in self.predicted)
        for data in self.data:
            yield "generate_data", {"data": data}
            yield "generate_test_pairs", {"data": data}
        for block in map(str, range(len(self.blocks))):
            yield from (("train", {"run": run, "block": block}) for run in self.tower_runs)
            yield from (("fit_reference", {"data": d, "block": block}) for d in self.referenced)
        for run_id, run in self.runs.items():
            if run.arm == arms.JOINT:
                yield "fit_joint", {"run": run_id}
            elif run.arm in arms.COMPARATORS:
                yield "fit_comparator", {"run": run_id}
        fits = [*self.tower_runs, *(f"reference-{data}" for data in self.referenced)]
        yield from (("evaluate", {"fit": fit}) for fit in fits)
        yield from (("rank", {"fit": fit}) for fit, _ in self.ranked)
        if self.study.components:
            yield "best_components", {}
            yield from (("list_components", {"fit": fit}) for fit in self.component_fits)
        yield from (("split_regret", {"fit": fit}) for fit in self.two_stage_fits)
        yield from ((rule, {}) for rule in ("index", "predictions", "check_fitter"))
        yield from (("fit_rates", {"experiment": name}) for name in self.study.experiments)
        yield from ((f"{table}_table", {}) for table in self.tables)
        yield from ((rule, {}) for rule in ("combine_rates", "claims", "tables"))
        yield from (("draw_experiment", {"experiment": name}) for name in self.study.experiments)
        yield from (("draw_figure", {"figure": figure}) for figure in self.figures)

    @cached_property
    def tower_runs(self) -> list[str]:
        """Ids of the runs of towers."""
        return [run for run, each in self.runs.items() if each.arm in arms.TOWER_ARMS]

    @cached_property
    def referenced(self) -> list[str]:
        """Ids of the data sets that have a reference."""
        return list(dict.fromkeys(cell.data_id for cell in self.cells if cell.has_reference))

    @cached_property
    def tables(self) -> list[str]:
        """Tables over all experiments."""
        return [each.table for each in self.wanted if each.table]

    @cached_property
    def figures(self) -> dict[str, analyses.Analysis]:
        """Figures over all experiments, by name."""
        return {each.figure: each for each in self.wanted if each.figure}

    @cached_property
    def on_ratings(self) -> list[str]:
        """Experiments whose axis is the number of ratings."""
        return [name for name, each in self.study.experiments.items() if each.axis == "ratings"]

    @cached_property
    def on_units(self) -> list[str]:
        """Experiments whose axis is the number of hidden units."""
        return [name for name in self.study.experiments if name not in self.on_ratings]

    @cached_property
    def predicted(self) -> list[str]:
        """Fits whose risks are predicted target by target."""
        return list(dict.fromkeys(fit for cell in self.cells for _, fit in self.predicted_of(cell)))

    @cached_property
    def ranked(self) -> list[tuple[str, dict[str, str]]]:
        """Fits whose rankings are measured, with the cell and arm of each."""
        fits = []
        for cell in self.cells if self.study.ranking else ():
            if set(cell.experiments).isdisjoint(self.on_ratings):
                continue
            for run_id, run in self._runs_of[cell.id]:
                if run.arm in arms.TOWER_ARMS:
                    fits.append((run_id, {"cell": cell.id, "arm": run.arm}))
            if cell.has_reference:
                about = {"cell": cell.id, "arm": arms.REFERENCE}
                fits.append((f"reference-{cell.data_id}", about))
        return fits

    @property
    def users_judged(self) -> int:
        """Fresh users of each target on whom laws of clicks are judged."""
        return min(self.study.test_pairs, groups.USERS_JUDGED)

    @cached_property
    def component_fits(self) -> list[str]:
        """Runs of towers whose lists are judged by their number of components."""
        block = self.study.components
        return self._tower_runs_in(block.experiments) if block else []

    @cached_property
    def two_stage_fits(self) -> list[str]:
        """Runs of towers that retrieve candidates for a ranker."""
        block = self.study.two_stages
        return self._tower_runs_in(block.experiments) if block else []

    @cached_property
    def component_targets(self) -> dict[str, dict]:
        """Settings of the data by id, for which the best components are found."""
        block = self.study.components
        if block is None:
            return {}
        cells = [
            cell for cell in self.cells if not set(block.experiments).isdisjoint(cell.experiments)
        ]
        for given in block.further:
            spec = grid.resolve(self.study.defaults, given.model_dump())
            cells.append(grid.Cell(spec, self.study.seed, (), (), ()))
        return grid.by_id((cell.data_id, cell.data_spec) for cell in cells)

    def _tower_runs_in(self, names: tuple[str, ...]) -> list[str]:
        """Runs of towers that any of these experiments asks for."""
        asked = [
            (name, self.study.experiments[name].arms or tuple(self.study.arms)) for name in names
        ]
        return [
            run_id
            for run_id in self.tower_runs
            if any(
                name in self.runs[run_id].cell.experiments and self.runs[run_id].arm in allowed
                for name, allowed in asked
            )
        ]

    @cached_property
    def clicked(self) -> list[tuple[str, dict[str, str]]]:
        """Runs on clicks whose axis is their number, with the cell and arm of each."""
        return [
            (run_id, {"cell": cell.id, "arm": run.arm})
            for cell in self.cells
            if not set(cell.experiments).isdisjoint(self.on_ratings)
            for run_id, run in self._runs_of[cell.id]
            if run.arm in arms.CLICK_ARMS
        ]

    def data_of(self, fit: str) -> str:
        """Data set that a fit, a run or reference-<data set>, was made on."""
        run = self.runs.get(fit)
        return run.cell.data_id if run else fit.removeprefix("reference-")

    def weights_of(self, fit: str) -> list[str]:
        """Files of a fit's weights, one for each block of replicates."""
        folder = f"runs/{fit}" if fit in self.runs else f"references/{self.data_of(fit)}"
        return [f"results/{folder}/{block}.safetensors" for block in range(len(self.blocks))]

    @cached_property
    def rates_of(self) -> dict[str, list[tuple[str, dict, str | None]]]:
        """By experiment, tables of risks of its cells, the columns that name each of them, and the
        fits whose predictions stand beside it, if there are any.
        """
        asked = {
            name: each.arms or tuple(self.study.arms)
            for name, each in self.study.experiments.items()
        }
        found: dict[str, list] = {name: [] for name in self.study.experiments}
        for cell, name in ((one, name) for one in self.cells for name in one.experiments):
            columns = cell.columns() | {"experiment": name}
            for run_id, run in self._runs_of[cell.id]:
                if run.arm in asked[name]:  # others are of another experiment
                    fit = run_id if run.arm in arms.PREDICTED else None
                    found[name].append((self.risks_of(run_id), columns | {"arm": run.arm}, fit))
            if cell.has_reference:
                fit = f"reference-{cell.data_id}"
                about = columns | {"arm": arms.REFERENCE}
                found[name].append((f"results/risks/{fit}.csv", about, fit))
        return found

    @cached_property
    def floored(self) -> dict[str, list[tuple[str, int]]]:
        """By experiment, data sets whose targets decide where the risk stops, and how many
        components towers have.
        """
        found: dict[str, set] = {name: set() for name in self.study.experiments}
        for cell in self.cells:
            each = cell.columns()
            if each["embedding_dim"] < each["rank"] or sampling.bent(each):
                for name in cell.experiments:
                    found[name].add((each["data"], each["embedding_dim"]))
        return {name: sorted(each) for name, each in found.items()}

    def predicted_of(self, cell: grid.Cell) -> list[tuple[str, str]]:
        """Arms of a cell whose risks are predicted target by target, and their fits."""
        runs = self._runs_of[cell.id]
        found = [(run.arm, run_id) for run_id, run in runs if run.arm in arms.PREDICTED]
        return found + [(arms.REFERENCE, f"reference-{cell.data_id}")] * cell.has_reference

    def risks_of(self, run_id: str) -> str:
        """The table of a run's risks: but for towers it is also named by how it was made."""
        arm = self.runs[run_id].arm
        kind = "joint-" if arm == arms.JOINT else "comparator-"
        return f"results/risks/{'' if arm in arms.TOWER_ARMS else kind}{run_id}.csv"
