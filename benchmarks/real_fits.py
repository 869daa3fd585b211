"""Time and memory of fits to real ratings beside what the plan says: `real_fits.py PATH`.

PATH is a folder in a layout of docs/real-ratings.md, yours or one of `benchmarks/made_ratings.py`.
Reading it is one row; then each method is tuned and fitted to the four fifths of the ratings that
come first in time, in a process of its own. Seconds are those of the processor, divided by this
machine's pace (`cost/probe.py`), memory is the peak of the process. For docs/real-ratings.md.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from twotower.cost import probe  # noqa: E402
from twotower.cost.real import fits, jobs  # noqa: E402
from twotower.data.ratings_size import RatingsSize  # noqa: E402
from twotower.real import methods, options, ratings, splits  # noqa: E402
from twotower.real.reading import any_layout, size  # noqa: E402

KIND = "time"


def load(source: str, place: Path, most: int | None, data: Path) -> None:
    """What the job `load_real` does, but for records."""
    raw = ratings.read_source(source, place, most, 0)
    splits.check(raw, options.USUAL["real_splits"], 0, place)
    ratings.write(data, ratings.prepared(raw)[0])


def fit(data: Path, method: str, budget: int) -> None:
    """A part of what a job `fit_real` does."""
    methods.fit_kinds(ratings.read(data), [KIND], method, 1, budget, 0)


def measured(work, *given) -> tuple[float, float]:
    """Seconds of the processor and peak bytes of a function in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure, (work, given))


def _measure(work, given) -> tuple[float, float]:
    began = time.process_time()
    work(*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return time.process_time() - began, peak


def planned(found: RatingsSize, method: str, budget: int) -> tuple[float, float]:
    """Seconds and bytes that the plan says of `fit`."""
    train = found.part(jobs.TRAINED[KIND])
    tested = found.ratings - train.ratings
    seconds = fits.seconds(method, train, tested, budget) + jobs.SPLIT * found.ratings
    return seconds + 1.5 * fits.holds_torch(method), fits.memory(method, found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", type=Path)
    parser.add_argument("--methods", default=",".join(options.METHODS))
    parser.add_argument("--budget", type=int, default=1, help="settings tried; 0: one fit alone")
    parser.add_argument("--reviews", type=int, default=10**7, help="of Yelp's, at most")
    given = parser.parse_args()
    source = any_layout.source_at(given.place)
    found = size.size_of(source, given.place, given.reviews if source == "yelp" else None)
    pace = probe.pace()
    print(f"{found.ratings:,.0f} ratings, pace {pace:.2f}\n")
    print("| | seconds | planned | ratio | MB | planned | ratio |\n| --- " + "| --- " * 6 + "|")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.safetensors")
        told = jobs.jobs(found, {}, (), options.USUAL["real_splits"], 1)[0]
        rows = [("reading", load, (source, given.place, given.reviews, data), None)]
        rows += [(m, fit, (data, m, given.budget), m) for m in given.methods.split(",")]
        for name, work, values, method in rows:
            seconds, peak = measured(work, *values)
            seconds /= pace
            if method is None:
                wanted = (told.work["second"], told.memory)
            else:
                wanted = planned(found, method, given.budget)
            cells = [f"{seconds:.1f}", f"{wanted[0]:.1f}", f"{wanted[0] / max(seconds, 0.1):.2f}"]
            cells += [f"{each / 1e6:,.0f}" for each in (peak, wanted[1])]
            print(f"| {name} | {' | '.join(cells)} | {wanted[1] / peak:.2f} |", flush=True)
