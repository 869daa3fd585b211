"""Data sets of a study, and the jobs that draw them."""

from dataclasses import dataclass

from twotower.cost import memory
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations.targets import target_cutoff, target_waves
from twotower.cost.operations.work import Work
from twotower.data import sampling
from twotower.data.groups import MOST_PAIRS, PAIR_KINDS
from twotower.data.ratings import CHUNK, SEEN_PAIRS
from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS
from twotower.study.schema import Study


@dataclass(frozen=True)
class DataSet:
    """A data set: its settings, all sample sizes that any cell asks for, and their pairs."""

    id: str
    spec: dict
    sizes: list[int]

    @property
    def most(self) -> int:
        """The largest sample size."""
        return max(self.sizes)

    def columns(self) -> int:
        """Numbers kept of one pair, both sides: coordinates and covariates."""
        return sum(coordinate_dim(self.spec, t) + self.spec[f"{t}_ambient_dim"] for t in TOWERS)

    def bytes(self, replicates: int) -> float:
        """Bytes of the ratings of this many replicates."""
        return replicates * self.most * (self.columns() + 2) * NUMBER

    def held(self, study: Study, batch: int) -> float:
        """Bytes that a job of a study holds of the ratings of this many replicates."""
        return memory.columns(self.bytes(study.replicates), self.bytes(batch))


def points_drawn(spec: dict, tried: int) -> dict[str, float]:
    """Users and items that are drawn where this many ratings are tried."""
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


def ratings_job(data: DataSet, study: Study) -> PlannedJob:
    """The job of `generate_data`: targets and ratings of all replicates."""
    spec, batch = data.spec, study.replicates
    points = points_drawn(spec, data.most)
    for tower in TOWERS:  # the certificate's regular grid
        dim = coordinate_dim(spec, tower)
        cutoff = target_cutoff(spec, tower)
        points[tower] += (2 * cutoff + 2) ** dim
    ratings = data.bytes(batch)
    targets = target_waves(spec, (1, 1)) * batch * 2 * NUMBER
    waves = batch * target_waves(spec, [points[tower] for tower in TOWERS])
    work = Work(start=2, wave=waves, byte=ratings, neighbour=batch * 2 * 4096 * 3)
    tried = max(points.values())
    peak = memory.drawing(spec, data.most, tried, data.columns() + 2) + targets
    return PlannedJob("generate_data", data.id, "data", work, peak, ratings + targets)


def fresh_bytes(data: DataSet, study: Study) -> float:
    """Bytes of the fresh pairs of all replicates."""
    seen = min(SEEN_PAIRS, data.most) * (2 * data.spec["rank"] + 2 * data.columns())
    if data.spec.get("sampling") == "repeated":  # instead: two numbers for each pair at each size
        seen = 2 * len(data.sizes) * len(PAIR_KINDS) * min(study.test_pairs, MOST_PAIRS)
    return study.replicates * (study.test_pairs * (data.columns() + 1) + seen) * NUMBER


def fresh_job(data: DataSet, study: Study) -> PlannedJob:
    """The job of `generate_test_pairs`."""
    points = study.test_pairs + 2 * min(SEEN_PAIRS, data.most)
    waves = study.replicates * target_waves(data.spec, (points, points))
    size = fresh_bytes(data, study)
    work = Work(start=1, wave=waves, byte=size)
    return PlannedJob(
        "generate_test_pairs", data.id, "data", work, memory.BASE["start"] + 3 * size, size
    )
