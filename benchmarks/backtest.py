"""Coverage of the planner's 80% intervals, by kind of curve.

`make backtest` prints Markdown for docs/data-budget.md. Synthetic curves always; measured ones from
the tables results/rates/<experiment>/risks.csv that are there, or are named:
`python benchmarks/backtest.py RISKS …`. Five minutes on one core.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from twotower.base import console, pins  # noqa: E402

console.start()
pins.apply()

import pandas as pd  # noqa: E402

from twotower.forecast import backtest, backtest_curves, prior, prior_calibration, study_pilots  # noqa: E402

CURVES = 200  # of each synthetic kind
SEED = 2
"""Of synthetic curves. The planner was developed on those of seeds 101 and 102; 0 and 1 judged the
two before it."""
PUBLISHED = Path(__file__).resolve().parents[1] / "docs/findings/standard/tables/rates.csv"


def main() -> None:
    tables = study_pilots.tables(sys.argv[1:] or sorted(Path("results/rates").glob("*/risks.csv")))
    rates = pd.read_csv(PUBLISHED).dropna(subset=["steepening", "steepening_low"])
    rates = rates.drop_duplicates(["arm", "slope", "steepening"])  # curves of two experiments
    columns = ("n_min", "n_max", "slope", "steepening", "steepening_low", "steepening_high")
    found = prior_calibration.calibrated(*(rates[name] for name in columns))
    taken = (0.0, prior.TYPICAL_DRIFT, prior.DRIFT_SPREAD)
    told = " and ".join("{:.3f}, {:.3f}, {:.2f}".format(*three) for three in (found, taken))
    print("Flattening, drift and its spread, in a doubling, of published slopes and as the planner")
    print(f"takes them: {told} ({len(rates)} curves), the flattening ± {prior.BEND_SD}.\n")
    judged = [
        backtest.judge(backtest_curves.synthetic(CURVES, SEED)),
        backtest.judge(backtest.measured(tables)),
    ]
    for part in judged:
        if len(part):
            print(markdown(backtest.summary(part)) + "\n")
    if not len(judged[1]):
        print("No measured curves: run a study with seven sizes or more, or name its risks.csv.")


def markdown(table: pd.DataFrame) -> str:
    head = "| curves cut at the middle | curves | questions | fails check | out of reach | "
    head += (
        "**covered** | more needed | fewer needed | middle/true | high/low | open | line covers |"
    )
    lines = [head, "| --- |" + " ---: |" * 11]
    for row in table.to_dict("records"):
        cover = f"**{row['covered']:.0%}** [{row['covered_low']:.0%}, {row['covered_high']:.0%}]"
        cells = [row["kind"], f"{row['curves']:,}", f"{row['questions']:,}"]
        cells += [f"{row[name]:.0%}" for name in ("fails its check", "out of reach")]
        cells += [cover, f"{row['more needed']:.0%}", f"{row['fewer needed']:.0%}"]
        cells += [f"{row['middle over true']:.2f}", f"{row['factor']:.2f}"]
        cells += [
            f"{row['open']:.0%}",
            "–" if pd.isna(row["line covered"]) else f"{row['line covered']:.0%}",
        ]
        shown = ("–" if "nan" in cell else cell for cell in cells)  # nothing was answered
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
