"""Every job of a study before it starts: its rule, work, peak memory and what it writes.

The rules themselves stand in workflow/rules/*.smk; a test compares the two with a dry run.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from twotower.cost import memory, methods, operations
from twotower.cost.later_jobs import STAGES, Job, later_jobs
from twotower.cost.operations import Work
from twotower.data import sampling
from twotower.data.groups import KINDS, MOST_PAIRS
from twotower.data.ratings import CHUNK, SEEN_PAIRS
from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS
from twotower.study import arms, grid
from twotower.study.schema import Study
from twotower.theory.bound import Theory

__all__ = ["STAGES", "Job", "Jobs", "jobs"]

_NUMBER = 8  # bytes
_FORWARD = 0.25  # of a loss and its gradient


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
        ValueError: for cells that `reading.validated` refuses.
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
            if run.arm in arms.TOWERS:
                about = f"{run.id}-{block}"
                yield _train_job(run, data[run.cell.data_id], study, last - first, about)
        for one in referenced:
            yield _reference_job(one, study, last - first, f"{one.id}-{block}")
    for run in runs:
        own = data[run.cell.data_id]
        if run.arm == arms.JOINT:
            yield _joint_job(run, own, study)
        elif run.arm in arms.COMPARATORS:
            yield _comparator_job(run, own, study)
        else:
            yield _tower_risks_job(run, own, study)
    for one in referenced:
        yield _reference_risks_job(one, study)
    yield from _rank_jobs(study, runs, data)
    yield from later_jobs(study, len(runs) + len(referenced), _designs(data.values()))


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
        for job in later_jobs(study, len(runs) + len(data), _designs(self._data.values())):
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
                case "fit_comparator":
                    return _comparator_job(run, data, self._study)
                case "evaluate":
                    return _tower_risks_job(run, data, self._study)
                case "rank":
                    return _rank_job(fit, data, run.cell, self._study)
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
            case "rank":
                return _rank_job(fit, data, None, self._study)
        raise KeyError(rule)


def _designs(data: Iterable[_Data]) -> set[str]:
    return {one.spec.get("sampling", "fresh") for one in data}


def _points(spec: dict, tried: int) -> dict[str, float]:
    """Users and items that are drawn for so many ratings."""
    match spec.get("sampling"):
        case "not_at_random":  # half of the ratings are seen, so twice and four times are tried
            return dict.fromkeys(TOWERS, tried * (7 if 4 * tried <= CHUNK else 3))
        case "fixed_users":
            return {"user": spec["catalogue"], "item": tried}
        case "popularity":
            return {"user": tried, "item": spec["catalogue"]}
        case "grid":
            return {"user": tried**0.5, "item": tried**0.5}
        case "repeated":
            return dict.fromkeys(TOWERS, float(sampling.known(spec["ratings_each"], tried)))
    return {"user": tried, "item": tried}


def _ratings_job(data: _Data, study: Study) -> Job:
    spec, batch = data.spec, study.replicates
    points = _points(spec, data.most)
    for tower in TOWERS:  # the certificate's regular grid
        dim = coordinate_dim(spec, tower)
        cutoff = operations.target_cutoff(dim, float(spec["smoothness"]))
        points[tower] += (2 * cutoff + 2) ** dim
    ratings = data.bytes(batch)
    targets = operations.target_waves(spec, (1, 1)) * batch * 2 * _NUMBER
    waves = batch * operations.target_waves(spec, [points[tower] for tower in TOWERS])
    work = Work(start=1, wave=waves, byte=ratings, neighbour=batch * 2 * 4096 * 3)
    tried = max(points.values())
    peak = memory.drawing(spec, data.most, tried, data.columns() + 2) + targets
    return Job("generate_data", data.id, "data", work, peak, ratings + targets)


def _test_bytes(data: _Data, study: Study) -> float:
    seen = min(SEEN_PAIRS, data.most) * (2 * data.spec["rank"] + 2 * data.columns())
    if data.spec.get("sampling") == "repeated":  # instead: two numbers for each pair at each size
        seen = 2 * len(data.sizes) * len(KINDS) * min(study.test_pairs, MOST_PAIRS)
    return study.replicates * (study.test_pairs * (data.columns() + 1) + seen) * _NUMBER


def _test_job(data: _Data, study: Study) -> Job:
    points = study.test_pairs + 2 * min(SEEN_PAIRS, data.most)
    waves = study.replicates * operations.target_waves(data.spec, (points, points))
    size = _test_bytes(data, study)
    work = Work(start=1, wave=waves, byte=size)
    return Job("generate_test_pairs", data.id, "data", work, memory.BASE["start"] + 3 * size, size)


def _train_job(run: grid.Run, data: _Data, study: Study, batch: int, about: str) -> Job:
    cell, certificate = run.cell, study.certificate_size
    work = operations.train_work(
        cell.spec, run.arm, run.settings, cell.sample_sizes, certificate, batch
    )
    work["byte"] += data.bytes(batch)
    fits = operations.fits_of(cell.spec, cell.sample_sizes, batch)
    weights = sum(fit.weights for fit in fits.values())
    weights += 3 * fits.get(certificate, fits[max(fits)]).weights
    peak = memory.training(fits, certificate) + data.held(study, batch)
    if run.arm == "pairwise":  # users, orders, scores and the like of every rating
        peak += 12 * batch * max(cell.sample_sizes) * _NUMBER
    return Job("train", about, "fits", work, peak, batch * weights * _NUMBER, on_card=True)


def _reference_job(data: _Data, study: Study, batch: int, about: str) -> Job:
    work = operations.reference_work(data.spec, data.sizes, batch)
    work["byte"] += data.bytes(batch)
    rank, cutoff = data.spec["rank"], max(operations.tried_cutoffs(data.spec, data.most))
    functions = max(
        operations.ball(data.spec[f"{tower}_intrinsic_dim"], cutoff) for tower in TOWERS
    )
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


def _comparator_job(run: grid.Run, data: _Data, study: Study) -> Job:
    spec = data.spec
    again = spec.get("sampling") in sampling.AGAIN
    known = spec.get("sampling") == "repeated"
    judged = len(KINDS) * min(study.test_pairs, MOST_PAIRS) if known else study.test_pairs
    columns = spec["user_ambient_dim"] + spec["item_ambient_dim"]
    work = Work(start=2, byte=_test_bytes(data, study))
    for n in run.cell.sample_sizes:
        each = methods.seconds(run.arm, run.settings["budget"], n, judged, columns, again)
        work["second"] += study.replicates * each
    held = data.bytes(study.replicates) + _test_bytes(data, study)
    compared = max(_points(spec, data.most).values()) if again else 0
    own = methods.peak(run.arm, data.most, columns, compared)
    peak = memory.BASE["methods"] + 1.5 * held + own
    return Job("fit_comparator", run.id, "risks", work, peak)


def _tower_risks_job(run: grid.Run, data: _Data, study: Study) -> Job:
    cell, test = run.cell, _test_bytes(data, study)
    work = Work(torch=1, byte=test)
    fits = operations.fits_of(cell.spec, cell.sample_sizes, study.replicates)
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
            waves = (
                operations.box(dim, operations.reference_cutoff(data.spec, n)) * data.spec["rank"]
            )
            pairs = study.replicates * study.test_pairs
            work.update(moment=pairs * waves, point=pairs / 5)
    return Job("evaluate", f"reference-{data.id}", "risks", work, memory.BASE["torch"] + 1.5 * test)


def _rank_jobs(study: Study, runs: list[grid.Run], data: dict[str, _Data]) -> Iterator[Job]:
    """Of every fit of towers, and of every reference, whose cell has a rate in the ratings."""
    if study.ranking is None:
        return
    on_ratings = {name for name, each in study.experiments.items() if each.axis == "ratings"}
    references = {}
    for run in runs:
        own = data[run.cell.data_id]
        if on_ratings.isdisjoint(run.cell.experiments):
            continue
        if run.arm in arms.TOWERS:
            yield _rank_job(run.id, own, run.cell, study)
        if run.cell.has_reference:
            references[own.id] = _rank_job(f"reference-{own.id}", own, None, study)
    yield from references.values()


def _rank_job(about: str, data: _Data, cell: grid.Cell | None, study: Study) -> Job:
    """Of the towers of a cell, or (None) of the reference on the data set."""
    shape, spec = study.ranking, data.spec
    sizes = cell.sample_sizes if cell else data.sizes
    pairs = study.replicates * shape.users * shape.items
    waves = study.replicates * operations.target_waves(spec, (shape.users, shape.items))
    work = Work(torch=1, wave=waves, listed=len(sizes) * pairs)
    for n in sizes:
        if cell:
            fit = operations.fits_of(cell.spec, [n], study.replicates)[n]
            for kind, count in fit.gradients(1, shape.users + shape.items).items():
                work[kind] += _FORWARD * count
        else:
            cutoff = operations.reference_cutoff(spec, n)
            for tower, points in zip(TOWERS, (shape.users, shape.items), strict=True):
                waves = operations.box(spec[f"{tower}_intrinsic_dim"], cutoff) * spec["rank"]
                work["moment"] += study.replicates * points * waves
    peak = memory.BASE["torch"] + 8 * shape.users * shape.items * _NUMBER
    return Job("rank", about, "rates", work, peak)
