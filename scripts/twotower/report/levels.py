"""The figure of levels: risks over what was predicted for them, against the number of ratings."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL
from twotower.study import arms
from twotower.study.labels import dim_text, smoothness_text

TOLERANCE = 1.25
"""The band reaches from the prediction over this factor to it times this factor."""
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1.5, 1, 1.5)))
_TITLES = {arms.ERM: "two towers (erm)", arms.REFERENCE: "reference"}


def figure(levels: pd.DataFrame, tolerance: float = TOLERANCE) -> Figure:
    """Measured over predicted risk against number of ratings: a panel per arm, a line per cell.

    Cells are those that are confirmatory (all, if none is). Colour and marker tell β, dashes the
    larger dimension d; points of the upper half of the window are filled, where the level counts.

    Args:
        levels: the table of levels.
        tolerance: factor that the grey band reaches to either side of 1.
    """
    rows = levels[levels["arm"].isin(_TITLES)].dropna(subset=["ratio"])
    kept = rows["cell"].isin(rows.loc[rows["confirmatory"].astype(bool), "cell"])
    rows = rows[kept] if kept.any() else rows
    if rows.empty:
        return style.message_figure("No level was predicted in this study.")
    rows = rows.assign(dim=rows[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1))
    betas, dims = (sorted(rows[name].unique()) for name in ("smoothness", "dim"))
    present = style.arms_of(rows)
    with style.paper_style():
        width = style.TEXT_WIDTH if len(present) > 1 else style.COLUMN_WIDTH
        fig = Figure(figsize=(width, 2.9), layout="constrained")
        axes = fig.subplots(1, len(present), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (arm, of_arm) in zip(axes, present, strict=True):
            ax.set(xscale="log", yscale="log", title=_TITLES[arm])
            ax.axhspan(1 / tolerance, tolerance, color=style.WINDOW_GREY, linewidth=0, zorder=0)
            ax.axhline(1.0, **style.AGREEMENT)
            ax.spines[["top", "right"]].set_visible(False)
            for (beta, dim, _), points in of_arm.groupby(["smoothness", "dim", "cell"]):
                look = _look(betas.index(beta), dims.index(dim))
                _draw_cell(ax, points.sort_values("n_ratings"), look)
        low, high = axes[0].get_ylim()
        axes[0].set_ylim(min(low, 0.7), max(high, 1.4))
        ticks.size_axis(axes[0], rows["n_ratings"])
        ticks.ratio_axis(axes[0], tolerance)
        fig.supxlabel(SIZE_LABEL)
        axes[0].set_ylabel("measured / predicted risk")
        fig.legend(handles=_entries(betas, dims, tolerance), loc="outside upper center", ncols=6)
    return fig


def _look(color: int, dashes: int) -> dict:
    return style.series_mark(color).line() | {
        "linestyle": _DASHES[dashes % len(_DASHES)],
        "linewidth": 0.9,
        "markersize": 3.4,
    }


def _draw_cell(ax: Axes, points: pd.DataFrame, look: dict) -> None:
    """One cell's line; its points are filled in the upper half of its window."""
    ax.plot(points["n_ratings"], points["ratio"], **look | {"markerfacecolor": "white"})
    judged = points[points["upper_half"].astype(bool)]
    ax.plot(judged["n_ratings"], judged["ratio"], **look | {"linestyle": "none"})


def _entries(betas: list[float], dims: list[float], tolerance: float) -> list:
    """The legend: β, d, what is filled, and the band."""
    grey = {"color": style.TEXT_GREY, "marker": "o", "markersize": 3.4}
    lines = [
        *((f"β = {smoothness_text(beta)}", _look(i, 0)) for i, beta in enumerate(betas)),
        *(
            (f"d = {dim_text(dim)}", _look(0, i) | grey | {"marker": ""})
            for i, dim in enumerate(dims)
        ),
        ("upper half of sizes", grey | {"linestyle": "none"}),
        ("other sizes", grey | {"linestyle": "none", "markerfacecolor": "white"}),
    ]
    band = Patch(facecolor=style.WINDOW_GREY, label=f"within a factor {tolerance:g}")
    return [*(Line2D([], [], label=label, **look) for label, look in lines), band]
