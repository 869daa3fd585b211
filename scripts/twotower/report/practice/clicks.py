"""The figure of clicks: what each loss learns, what in-batch candidates cost, what lists gain."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.report import style, ticks
from twotower.report.curves import CLICKS_LABEL, EXCESS_LABEL, PREDICTION
from twotower.study import arms
from twotower.study.labels import cell_titles

_FLOOR = {"color": style.GUIDE_GREY, "linewidth": 1.0, "linestyle": (0, (1, 1.5)), "zorder": 1}
_POWERS = ((1.0, "-"), (0.5, "--"))


def figure(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Three panels: risks by arm, the cost of in-batch candidates, regret against the risk.

    Left: the cell with the most arms, means over targets with 95% intervals, dashes as predicted,
    dots floors. Middle: risk over that of the full softmax on the same clicks, at the largest
    number of them. Right: the full softmax in the cells with the most sizes, a line each.

    Args:
        curves, rates: `results/tables/click_curves.csv` and `results/tables/clicks.csv`.
    """
    if curves.empty:
        return style.message_figure("No fit of this study learned from clicks.")
    counts = curves.groupby("cell", sort=False)["arm"].nunique()
    shown = curves[curves["cell"] == counts.idxmax()]
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 3.3), layout="constrained")
        left, middle, right = fig.subplots(1, 3)
        for ax in (left, middle, right):
            ax.spines[["top", "right"]].set_visible(False)
        _draw_arms(left, shown)
        title = cell_titles(curves)[counts.idxmax()]
        left.set(title=style.in_lines(title), xlabel=CLICKS_LABEL, ylabel=EXCESS_LABEL)
        _draw_cost(middle, rates)
        _draw_regret(right, curves)
        drawn = {*shown["arm"], arms.SOFTMAX_FULL, arms.SOFTMAX_BATCH} & {*curves["arm"]}
        entries = [style.arm_handle(arm) for arm in arms.ORDER if arm in drawn]
        entries.append(Line2D([], [], label="predicted", **PREDICTION))
        if shown["floor"].notna().any():
            entries.append(Line2D([], [], label="floor without log q", **_FLOOR))
        fig.legend(handles=entries, loc="outside lower center", ncols=3)
    return fig


def _draw_arms(ax: Axes, points: pd.DataFrame) -> None:
    ax.set(xscale="log", yscale="log")
    for arm, frame in style.arms_of(points):
        frame = frame.sort_values("n_ratings")
        means = [frame[name].to_numpy(float) for name in ("risk", "risk_low", "risk_high")]
        style.draw_points(ax, style.arm_mark(arm), frame["n_ratings"], *means)
        if arm == arms.SOFTMAX_FULL:
            ax.plot(frame["n_ratings"], frame["predicted_risk"], **PREDICTION)
        for floor in frame["floor"].dropna().unique()[:1]:
            ax.axhline(floor, **_FLOOR)
    ticks.size_axis(ax, points["n_ratings"])
    ticks.risk_axis(ax)


def _draw_cost(ax: Axes, rates: pd.DataFrame) -> None:
    ax.set(xscale="log", title="cost of in-batch candidates", xlabel="clicks in a batch, B")
    ax.set_ylabel("risk / risk of full softmax")
    ax.axhline(1.0, **style.AGREEMENT)
    rows = rates[(rates["arm"] == arms.SOFTMAX_BATCH) & rates["cost"].notna()]
    if rows.empty:
        ax.text(0.5, 0.5, "not in this study", transform=ax.transAxes, ha="center")
        return
    data = rows.groupby("data")["click_batch"].nunique().idxmax()
    rows = rows[rows["data"] == data].sort_values("click_batch")
    values = [rows[name].to_numpy(float) for name in ("cost", "cost_low", "cost_high")]
    style.draw_points(ax, style.arm_mark(arms.SOFTMAX_BATCH), rows["click_batch"], *values)
    ax.plot(rows["click_batch"], rows["predicted_cost"], **PREDICTION)
    ax.set_xticks(rows["click_batch"], [f"{value:g}" for value in rows["click_batch"]])
    ax.minorticks_off()


def _draw_regret(ax: Axes, curves: pd.DataFrame) -> None:
    ax.set(xscale="log", yscale="log", title="what better laws buy", xlabel="risk")
    ax.set_ylabel("regret of the first 10, in R*/τ")
    points = curves[curves["arm"] == arms.SOFTMAX_FULL].drop_duplicates(["cell", "n_ratings"])
    sizes = points.groupby("cell")["n_ratings"].transform("size")
    points = points[sizes == sizes.max()]
    for place, (cell, title) in enumerate(list(cell_titles(points).items())[:6]):
        frame = points[points["cell"] == cell].sort_values("risk")
        ax.plot(frame["risk"], frame["regret"], label=title, **style.series_mark(place).line())
    for power, line in _POWERS:
        ends = points["risk"].agg(["min", "max"]).to_numpy()
        middle = points["risk"].median(), points["regret"].median()
        heights = 0.6 * middle[1] * (ends / middle[0]) ** power
        ax.plot(ends, heights, color=style.GUIDE_GREY, linestyle=line, linewidth=0.8, zorder=1)
        ax.annotate(f"power {power:g}", (ends[0], heights[0]), color=style.TEXT_GREY,
                    fontsize=style.SMALL, va="top")  # fmt: skip
    ax.legend(loc="upper left", fontsize=style.SMALL, handlelength=1.5)
    low, high = ax.get_ylim()
    ax.set_ylim(low, 3 * high)  # room for the legend
