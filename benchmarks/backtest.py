"""Coverage of the planner's 80% intervals, by kind of curve.

`make backtest` prints Markdown for docs/data-budget.md. Synthetic curves always; measured ones from
the tables results/rates/<experiment>/risks.csv that are there, or are named:
`python benchmarks/backtest.py RISKS …`. A minute on one core.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from twotower import pins  # noqa: E402

pins.apply()

import pandas as pd  # noqa: E402

from twotower import backtest, drift  # noqa: E402

CURVES = 200  # of each synthetic kind
PUBLISHED = Path(__file__).resolve().parents[1] / "docs/findings/tables/rates.csv"


def main() -> None:
    rates = pd.read_csv(PUBLISHED).dropna(subset=["steepening", "steepening_low"])
    columns = ("n_min", "n_max", "steepening", "steepening_low", "steepening_high")
    found = drift.calibrated_drift(*(rates[name] for name in columns))
    print(f"Drift of published slopes: {found:.3f} a doubling ({len(rates)} curves); the planner")
    print(f"takes {drift.TYPICAL_DRIFT}.\n")
    paths = sys.argv[1:] or sorted(Path("results/rates").glob("*/risks.csv"))
    tables = [pd.read_csv(path) for path in paths]
    judged = [backtest.judge(backtest.synthetic(CURVES)), backtest.judge(backtest.measured(tables))]
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
