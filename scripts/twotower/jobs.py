"""Every job of a study before it starts: its rule, work, peak memory and what it writes.

The rules themselves stand in workflow/rules/*.smk; a test compares the two with a dry run.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from twotower import cost, grid, memory, sampling
from twotower.config import Study
from twotower.cost import Work
from twotower.ratings import CHUNK, SEEN_PAIRS
from twotower.supports import coordinate_dim
from twotower.targets import TOWERS
from twotower.theory import Theory

STAGES = ("data", "fits", "risks", "rates", "tables", "figures")
"""In this order: a job needs some of those of earlier stages."""

_NUMBER = 8  # bytes
_FORWARD = 0.25  # of a loss and its gradient


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        rule: name of its rule.
        about: id of its run or data set, an experiment, or "".
        stage: one of `STAGES`.
        work: operations, see `cost.SECONDS`.
        memory: peak, bytes.
        disk: bytes that it writes.
        on_card: whether it may run on a graphics card.
    """

    rule: str
    about: str
    stage: str
    work: Work
    memory: float = 2e8
    disk: float = 1e5
    on_card: bool = False


@dataclass(frozen=True)
class _Data:
    """A data set: its settings, all sample sizes that any cell asks for, and their pairs."""

    id: str
    spec: dict
    sizes: list[int]

    @property
    def most(self) -> int:
        return max(self.sizes)

    def columns(self) -> int:
        """Numbers kept of one pair, both sides: coordinates and covariates."""
        return sum(coordinate_dim(self.spec, t) + self.spec[f"{t}_ambient_dim"] for t in TOWERS)

    def bytes(self, replicates: int) -> float:
        """Of so many replicates' ratings."""
        return replicates * self.most * (self.columns() + 2) * _NUMBER

    def held(self, study: Study, batch: int) -> float:
        """Bytes that a job holds of the ratings of so many replicates."""
        return memory.columns(self.bytes(study.replicates), self.bytes(batch))


def jobs(study: Study) -> Iterator[Job]:
    """Every job of a whole run from nothing, in the order of the stages.

    Raises:
        ValueError: for cells that `study_file.validated` refuses.
    """
    cells, runs, blocks = grid.cells(study), grid.runs(study), study.blocks()
    sizes: dict[str, set[int]] = {}
    for cell in cells:
        sizes.setdefault(cell.data_id, set()).update(cell.sample_sizes)
    unique = {cell.data_id: cell for cell in cells}
    data = {i: _Data(i, cell.data_spec, sorted(sizes[i])) for i, cell in unique.items()}
    referenced = [data[i] for i, cell in unique.items() if cell.has_reference]
    for one in data.values():
        yield _ratings_job(one, study)
        yield _test_job(one, study)
    for block, (first, last) in enumerate(blocks):
        for run in runs:
            if run.arm != "joint":
                about = f"{run.id}-{block}"
                yield _train_job(run, data[run.cell.data_id], study, last - first, about)
        for one in referenced:
            yield _reference_job(one, study, last - first, f"{one.id}-{block}")
    for run in runs:
        own = data[run.cell.data_id]
        if run.arm == "joint":
            yield _joint_job(run, own, study)
        else:
            yield _tower_risks_job(run, own, study)
    for one in referenced:
        yield _reference_risks_job(one, study)
    yield from _later_jobs(study, len(runs) + len(referenced))


class Jobs:
    """Any one job of a study by itself, where all of them would be too many to look at."""

    def __init__(
        self, study: Study, runs: dict[str, grid.Run], data: dict[str, dict], sizes: dict[str, list]
    ) -> None:
        """Take runs by id, and settings and sample sizes of data sets by id."""
        self._study, self._runs = study, runs
        self._data = {i: _Data(i, spec, sizes[i]) for i, spec in data.items()}
        self._blocks = study.blocks()
        self._later = {}
        for job in _later_jobs(study, len(runs) + len(data)):
            self._later.setdefault(job.rule, job)  # those of a rule are alike

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Job:
        """The job of a rule with its wildcards' values.

        Raises:
            KeyError: for a rule, run or data set that the study does not have.
        """
        if rule in self._later:
            return self._later[rule]
        fit = wildcards.get("fit") or wildcards.get("run") or wildcards["data"]
        block = int(wildcards.get("block", 0))
        batch = self._blocks[block][1] - self._blocks[block][0]
        if fit in self._runs:
            run = self._runs[fit]
            data = self._data[run.cell.data_id]
            match rule:
                case "train":
                    return _train_job(run, data, self._study, batch, f"{fit}-{block}")
                case "fit_joint":
                    return _joint_job(run, data, self._study)
                case "evaluate":
                    return _tower_risks_job(run, data, self._study)
        data = self._data[fit.removeprefix("reference-")]
        match rule:
            case "generate_data":
                return _ratings_job(data, self._study)
            case "generate_test_pairs":
                return _test_job(data, self._study)
            case "fit_reference":
                return _reference_job(data, self._study, batch, f"{fit}-{block}")
            case "evaluate":
                return _reference_risks_job(data, self._study)
        raise KeyError(rule)


def _ratings_job(data: _Data, study: Study) -> Job:
    spec, batch = data.spec, study.replicates
    tried = data.most
    points = {"user": tried, "item": tried}
    match spec.get("sampling"):
        case "not_at_random":  # half of the ratings are seen, so twice and four times are tried
            points = dict.fromkeys(TOWERS, tried * (7 if 4 * tried <= CHUNK else 3))
        case "fixed_users":
            points["user"] = spec["catalogue"]
        case "popularity":
            points["item"] = spec["catalogue"]
        case "grid":
            points = {"user": tried**0.5, "item": tried**0.5}
        case "repeated":
            points = dict.fromkeys(TOWERS, float(sampling.known(spec["ratings_each"], tried)))
    for tower in TOWERS:  # the certificate's regular grid
        dim = coordinate_dim(spec, tower)
        cutoff = cost.target_cutoff(dim, float(spec["smoothness"]))
        points[tower] += (2 * cutoff + 2) ** dim
    ratings = data.bytes(batch)
    targets = cost.target_waves(spec, (1, 1)) * batch * 2 * _NUMBER
    waves = batch * cost.target_waves(spec, [points[tower] for tower in TOWERS])
    work = Work(start=1, wave=waves, byte=ratings, neighbour=batch * 2 * 4096 * 3)
    tried = max(points.values())
    peak = memory.drawing(spec, data.most, tried, data.columns() + 2) + targets
    return Job("generate_data", data.id, "data", work, peak, ratings + targets)


def _test_bytes(data: _Data, study: Study) -> float:
    seen = min(SEEN_PAIRS, data.most) * (2 * data.spec["rank"] + 2 * data.columns())
    return study.replicates * (study.test_pairs * (data.columns() + 1) + seen) * _NUMBER


def _test_job(data: _Data, study: Study) -> Job:
    points = study.test_pairs + 2 * min(SEEN_PAIRS, data.most)
    waves = study.replicates * cost.target_waves(data.spec, (points, points))
    size = _test_bytes(data, study)
    work = Work(start=1, wave=waves, byte=size)
    return Job("generate_test_pairs", data.id, "data", work, memory.BASE["start"] + 3 * size, size)


def _train_job(run: grid.Run, data: _Data, study: Study, batch: int, about: str) -> Job:
    cell, certificate = run.cell, study.certificate_size
    work = cost.train_work(cell.spec, run.arm, run.settings, cell.sample_sizes, certificate, batch)
    work["byte"] += data.bytes(batch)
    fits = cost.fits_of(cell.spec, cell.sample_sizes, batch)
    weights = sum(fit.weights for fit in fits.values())
    weights += 3 * fits.get(certificate, fits[max(fits)]).weights
    peak = memory.training(fits, certificate) + data.held(study, batch)
    return Job("train", about, "fits", work, peak, batch * weights * _NUMBER, on_card=True)


def _reference_job(data: _Data, study: Study, batch: int, about: str) -> Job:
    work = cost.reference_work(data.spec, data.sizes, batch)
    work["byte"] += data.bytes(batch)
    rank, cutoff = data.spec["rank"], max(cost.tried_cutoffs(data.spec, data.most))
    functions = max(cost.ball(data.spec[f"{tower}_intrinsic_dim"], cutoff) for tower in TOWERS)
    peak = memory.sieve(rank, data.most, functions) + data.held(study, batch)
    disk = batch * len(data.sizes) * 32 * rank * functions / 3  # fewer at smaller sizes
    return Job("fit_reference", about, "fits", work, peak, disk)


def _joint_job(run: grid.Run, data: _Data, study: Study) -> Job:
    spec, most = run.cell.spec, run.settings["most_neighbours"]
    theory = Theory.of(spec)
    both = theory.user_intrinsic_dim + theory.item_intrinsic_dim
    columns = spec["user_ambient_dim"] + spec["item_ambient_dim"]
    power = 1.0  # of n in the best number of neighbours
    if math.isfinite(theory.smoothness):
        power = 2 * theory.smoothness / (2 * theory.smoothness + both)
    work = Work(torch=1, byte=_test_bytes(data, study))
    for n in run.cell.sample_sizes:
        chosen = min(most, n**power)
        found = 0.2 * n * min(most, 0.8 * n) + study.test_pairs * (chosen + 8 * columns)
        work["neighbour"] += study.replicates * found * columns**0.5
    ratings = data.bytes(study.replicates)
    nearest = 3 * max(0.2 * data.most, study.test_pairs / 4) * most * _NUMBER
    peak = memory.BASE["torch"] + ratings + _test_bytes(data, study) + nearest
    return Job("fit_joint", run.id, "risks", work, peak)


def _tower_risks_job(run: grid.Run, data: _Data, study: Study) -> Job:
    cell, test = run.cell, _test_bytes(data, study)
    work = Work(torch=1, byte=test)
    fits = cost.fits_of(cell.spec, cell.sample_sizes, study.replicates)
    for n, fit in fits.items():
        times = _FORWARD * (4 if n == study.certificate_size else 1)
        pairs = study.test_pairs + 2 * SEEN_PAIRS
        for kind, count in fit.gradients(1, pairs).items():
            work[kind] += times * count
    return Job("evaluate", run.id, "risks", work, memory.BASE["torch"] + 1.5 * test)


def _reference_risks_job(data: _Data, study: Study) -> Job:
    test = _test_bytes(data, study)
    work = Work(torch=1, byte=test)
    for n in data.sizes:
        for tower in TOWERS:
            dim = data.spec[f"{tower}_intrinsic_dim"]
            waves = cost.box(dim, cost.reference_cutoff(data.spec, n)) * data.spec["rank"]
            pairs = study.replicates * study.test_pairs
            work.update(moment=pairs * waves, point=pairs / 5)
    return Job("evaluate", f"reference-{data.id}", "risks", work, memory.BASE["torch"] + 1.5 * test)


def _later_jobs(study: Study, curves: int) -> Iterator[Job]:
    """Rates, tables and figures: their seconds were measured, and hardly depend on the sizes."""

    def job(rule: str, stage: str, seconds: float, about: str = "", disk: float = 1e5) -> Job:
        return Job(rule, about, stage, Work(second=seconds), disk=disk)

    yield job("index", "rates", 0.5)
    yield job("check_fitter", "rates", 5.0)
    for name in study.experiments:
        yield job("fit_rates", "rates", 1.5 + 0.05 * curves / len(study.experiments), name)
    yield job("combine_rates", "tables", 1.0)
    tables, figures = _analyses(study)
    for table in tables:
        networks = study.lemmas.networks if table == "lemmas" else 0
        yield job(f"{table}_table", "tables", 2.0 + 0.003 * networks)
    yield job("claims", "tables", 2.0)
    yield job("tables", "tables", 1.0)
    for name in study.experiments:
        yield job("draw_experiment", "figures", 4.0, name, 1e6)
    for name in figures:
        yield job("draw_figure", "figures", 4.0, name, 1e6)


def _analyses(study: Study) -> tuple[list[str], list[str]]:
    """Tables and figures over all experiments that a study has."""
    tables = ["meta_regression", "extrapolation", "falsifiability", "cold_start"]
    figures = ["learning_curves", "slope_comparison", "extrapolation", "falsifiability"]
    if {"erm", "adam"} & set(study.arms):
        tables.append("error_budget")
        figures.append("error_budget")
    if "adam" in study.arms:
        figures.append("plain_training_cost")
    if "max_not_sum" in study.experiments:
        tables.append("tournament")
        figures.append("tournament")
    if study.lemmas is not None:
        tables.append("lemmas")
        figures.append("lemmas")
    return tables, figures
