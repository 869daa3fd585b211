"""Tables in Markdown of what `make bench-retrieval` measured: a row of its frame is a search.

`k` is the length of the lists that are shown to users.
"""

import pandas as pd

from twotower.retrieval import indexes
from twotower.retrieval import tables as retrieval_tables


def setting_text(row: pd.Series, k: int) -> str:
    """An index and its knobs in few words."""
    words = [row["kind"]]
    if row["kind"] != indexes.EXACT:
        knob = "efSearch" if row["kind"] == "hnsw" else "nprobe"
        words.append(f"{knob} {row['effort']:.0f}")
    if row["candidates"] > k:
        words.append(f"{row['candidates']} candidates")
    return ", ".join(words)


def number(value: float) -> str:
    """Two significant digits or more, never as a power."""
    if abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:#.2g}"


def with_interval(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def speed_table(frame: pd.DataFrame, k: int) -> list[str]:
    """Exact search beside the fastest approximate one of enough recall."""
    lines = [
        f"| case | items | exact, ms | approximate | ms | recall@{k} | times faster | than numpy | "
        "in a batch | build, s | index, MiB | searches that repay the build |",
        "| --- " * 12 + "|",
    ]
    for case, rows in frame.groupby("case", sort=False):
        exact = rows[rows["kind"] == indexes.EXACT].set_index("items")
        for _, row in retrieval_tables.best_approximate(rows).iterrows():
            base = exact.loc[row["items"]]
            saved = base["median"] - row["median"]
            repaid = number((row["build"] - base["build"]) / saved) if saved > 0 else "never"
            lines.append(
                f"| {case} | {row['items']:,} | {number(1e3 * base['median'])} "
                f"({number(1e3 * base['late'])}) | {setting_text(row, k)} | "
                f"{number(1e3 * row['median'])} ({number(1e3 * row['late'])}) | "
                f"{row['recall']:.3f} | {number(row['ratio'])} | {number(row['plain_ratio'])} | "
                f"{number(row['batch_ratio'])} | "
                f"{number(row['build'])} | {number(row['bytes'] / 2**20)} | {repaid} |"
            )
    return lines


def index_table(frame: pd.DataFrame, k: int) -> list[str]:
    """Each index at its fastest setting of enough recall, or else at its highest recall.

    Over the largest catalogue of which all were built.
    """
    built = frame.groupby("items")["kind"].nunique()
    size = built[built == built.max()].index.max()
    lines = [
        f"| {size:,} items | index | recall@{k} | ms (95th percentile) | in a batch, a second | "
        "build, s | MiB |",
        "| --- " * 7 + "|",
    ]
    for (case, _), rows in frame[frame["items"] == size].groupby(["case", "kind"], sort=False):
        enough = retrieval_tables.fastest(rows)
        row = rows.loc[rows["recall"].idxmax()] if enough.empty else enough.iloc[0]
        lines.append(
            f"| {case} | {setting_text(row, k)} | {row['recall']:.3f} | "
            f"{number(1e3 * row['median'])} ({number(1e3 * row['late'])}) | {row['batch']:,.0f} | "
            f"{number(row['build'])} | {number(row['bytes'] / 2**20)} |"
        )
    return lines


def regret_table(frame: pd.DataFrame, k: int) -> list[str]:
    """Regret of the model and what retrieval adds, at enough recall and in the worst setting."""
    lines = [
        f"| case | items | mean R* of the best {k} | regret of the model | added at recall "
        f"≥ {retrieval_tables.ENOUGH} | worst setting: recall | added |",
        "| --- " * 7 + "|",
    ]
    for case, rows in frame.groupby("case", sort=False):
        for _, row in retrieval_tables.best_approximate(rows).iterrows():
            here = rows[rows["items"] == row["items"]]
            least = here.loc[here["recall"].idxmin()]
            lines.append(
                f"| {case} | {row['items']:,} | {row['best']:.2f} | {with_interval(row, 'regret')} "
                f"| {setting_text(row, k)}: {with_interval(row, 'added')} | "
                f"{setting_text(least, k)}: {least['recall']:.2f} | "
                f"{with_interval(least, 'added')} |"
            )
    return lines


def candidates_table(frame: pd.DataFrame) -> list[str]:
    """What re-ranking more candidates gives where vectors have eight bits: the largest effort."""
    rows = frame[(frame["kind"] == "ivf_sq8") & (frame["items"] == frame["items"].max())]
    lines = ["| case | nprobe | candidates | recall | regret added | ms |", "| --- " * 6 + "|"]
    for case, part in rows.groupby("case", sort=False):
        for _, row in part[part["effort"] == part["effort"].max()].iterrows():
            lines.append(
                f"| {case} | {row['effort']:.0f} | {row['candidates']} | {row['recall']:.3f} | "
                f"{with_interval(row, 'added')} | {number(1e3 * row['median'])} |"
            )
    return lines


def tables(frame: pd.DataFrame, k: int) -> list[list[str]]:
    """The lines of each table, in the order of docs/retrieval.md."""
    return [
        speed_table(frame, k),
        index_table(frame, k),
        regret_table(frame, k),
        candidates_table(frame),
    ]
