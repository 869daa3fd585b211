"""The figures: each function takes frames and returns a matplotlib Figure, made without pyplot.

The frames' columns are those of results/tables: `curves` has one row per cell × arm × size,
`rates` one per cell × arm, `risks` one per cell × arm × start × size × replicate. Arms, sizes or
whole arms that a study lacks are simply not drawn. Save with `twotower.style.save_figure`.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import stats
from scipy.optimize import isotonic_regression

from twotower import style
from twotower.labels import cell_titles, number_text, plus_minus_text
from twotower.verdicts import DELTA

SIZE_LABEL = "number of ratings |Ω|"
# Mathtext places the hat itself; a combining character is left to the renderer.
RISK_LABEL = r"risk  $\Vert\hat{R} - R^*\Vert^2 \,/\, \mathrm{Var}\,R^*$"
GUIDE_LABEL = "slope −2β/(2β+d)"
PREDICTION_LABEL = "finite-n prediction"
WINDOW_LABEL = "fit window"
EQUIVALENCE = 2 * DELTA  # half width of the band around agreement
MAX_LABELLED_CELLS = 8

_COLUMNS = 3
_GUIDE = {"color": style.GUIDE_GREY, "linewidth": 1.8, "linestyle": "-", "zorder": 1.5}
_PREDICTION = {"color": style.BLACK, "linewidth": 0.7, "linestyle": (0, (5, 2)), "zorder": 2.5}


# ---------------------------------------------------------------- risk against sample size


def learning_curves(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Risk against number of ratings, log-log, a panel per cell; all panels share both axes.

    Bars are 95% intervals of the mean risk over replicates. The grey line has the bound's slope
    and lies below the curves (its height means nothing). The corner gives the fitted slopes with
    half the width of their 95% interval.

    Raises:
        ValueError: if `curves` is empty, or has an arm without a mark.
    """
    titles = cell_titles(_nonempty(curves, "curves"))
    with style.paper_style():
        fig, axes, legend_slot = _panel_grid(len(titles))
        for ax, (cell, title) in zip(axes, titles.items(), strict=True):
            _learning_panel(ax, curves[curves["cell"] == cell], rates[rates["cell"] == cell])
            ax.set_title(style.two_lines(title))
        style.size_axis(axes[0], curves["n_ratings"])
        low, high = axes[0].get_ylim()
        axes[0].set_ylim(low / 1.6, high)  # room for the corner's text
        style.risk_axis(axes[0])
        fig.supxlabel(SIZE_LABEL)
        fig.supylabel(RISK_LABEL)
        handles = _learning_handles(curves, rates)
        if legend_slot is None:
            columns = 2 if len(titles) == 1 else _COLUMNS
            fig.legend(handles=handles, loc="outside upper center", ncols=columns)
        else:
            legend_slot.legend(handles=handles, loc="center", labelspacing=0.7)
    return fig


def _panel_grid(n_cells: int) -> tuple[Figure, list[Axes], Axes | None]:
    """Figure, one log-log panel per cell, and the first free slot for the legend (None if none)."""
    columns = 1 if n_cells == 1 else _COLUMNS
    rows = math.ceil(n_cells / columns)
    legend_above = 0.4 * (rows * columns == n_cells)
    size = (style.TEXT_WIDTH, 0.4 + 1.95 * rows + legend_above)
    if columns == 1:
        size = (style.COLUMN_WIDTH, 3.2)
    fig = Figure(figsize=size, layout="constrained")
    slots = list(fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    panels, free = slots[:n_cells], slots[n_cells:]
    for ax in panels:
        ax.set(xscale="log", yscale="log")
        ax.spines[["top", "right"]].set_visible(False)
    for ax in panels[-columns:]:
        ax.tick_params(labelbottom=True)  # the lowest of its column, though a free slot follows
    for ax in free:
        ax.set_axis_off()
    return fig, panels, free[0] if free else None


def _learning_panel(ax: Axes, curves: pd.DataFrame, rates: pd.DataFrame) -> None:
    window = np.sort(curves.loc[curves["in_window"].astype(bool), "n_ratings"].unique())
    if len(window) > 1:
        edges = window[0] / 2**0.25, window[-1] * 2**0.25
        ax.axvspan(*edges, color=style.WINDOW_GREY, linewidth=0, zorder=0)
    for arm, points in style.arms_of(curves):
        points = points.sort_values("n_ratings")
        means = _columns(points, "mean_risk", "risk_low", "risk_high")
        style.draw_points(ax, arm, points["n_ratings"], *means)
    prediction = curves.drop_duplicates("n_ratings").sort_values("n_ratings")
    ax.plot(prediction["n_ratings"], prediction["predicted_risk"], **_PREDICTION)
    slopes = rates["bound_slope"].dropna()
    if len(window) > 1 and len(slopes):
        inside = curves[curves["n_ratings"].isin(window)]
        slope = float(slopes.iloc[0])  # −1 reads back from CSV as an integer
        # Below every mean in the window, by a third at the nearest.
        height = 0.66 * (inside["mean_risk"] / inside["n_ratings"] ** slope).min()
        ax.plot(window, height * window.astype(float) ** slope, **_GUIDE)
    _slopes_in_corner(ax, rates)


def _slopes_in_corner(ax: Axes, rates: pd.DataFrame) -> None:
    lines = []
    for arm, row in style.arms_of(rates.dropna(subset="slope")):
        slope = plus_minus_text(*row[["slope", "slope_low", "slope_high"]].iloc[0])
        lines.append((f"{arm} {slope}", style.arm_mark(arm).color))
    if lines:
        lines.append((f"bound {number_text(rates['bound_slope'].iloc[0])}", style.TEXT_GREY))
    style.corner_text(ax, lines)


def _learning_handles(curves: pd.DataFrame, rates: pd.DataFrame) -> list:
    handles = [style.arm_handle(arm) for arm, _ in style.arms_of(curves)]
    if curves["predicted_risk"].notna().any():
        handles.append(Line2D([], [], label=PREDICTION_LABEL, **_PREDICTION))
    if curves["in_window"].any():
        if rates["bound_slope"].notna().any():
            handles.append(Line2D([], [], label=GUIDE_LABEL, **_GUIDE))
        handles.append(Patch(facecolor=style.WINDOW_GREY, label=WINDOW_LABEL))
    return handles


# ---------------------------------------------------------------- measured against predicted slope


def slope_comparison(rates: pd.DataFrame) -> Figure:
    """Fitted slope against the finite-n prediction, every cell and arm, on equal scales.

    The diagonal is agreement, the band ±EQUIVALENCE around it. Bars are the slopes' 95%
    intervals. Cells are named below their points where there are at most MAX_LABELLED_CELLS.
    Points that would lie on each other are moved sideways, by about a tenth of an inch at most
    where two cells share a prediction.

    Raises:
        ValueError: if `rates` is empty, or has an arm without a mark.
    """
    titles = cell_titles(_nonempty(rates, "rates"))
    fitted = rates.dropna(subset=["slope", "predicted_slope"])
    if fitted.empty:
        return style.message_figure("No slope was fitted in this study.")
    labelled = len(titles) <= MAX_LABELLED_CELLS
    bounds = fitted[["slope", "slope_low", "slope_high"]]
    lowest = bounds.min(axis=1).groupby(fitted["cell"]).min()
    place = fitted.groupby("cell")["predicted_slope"].first()
    # Everything sideways or below the points is laid out in inches of the frame.
    frame = style.COLUMN_WIDTH - 0.6
    tall = bounds.max(axis=None) - lowest.min()
    inch = max(place.max() - place.min() + 0.12, 0.8 * (tall + 0.2)) / frame
    if labelled:
        place = _spread(place, 0.12 * inch)
    names_end = min(lowest[c] - 0.055 * inch * len(titles[c]) * labelled for c in lowest.index)
    y_range = names_end - 0.05, bounds.max(axis=None) + 0.05
    x_range = _at_least(place.min() - 0.06, place.max() + 0.06, 0.8 * (y_range[1] - y_range[0]))
    height = frame * (y_range[1] - y_range[0]) / (x_range[1] - x_range[0])
    with style.paper_style():
        fig = Figure(figsize=(style.COLUMN_WIDTH, height + 0.9), layout="constrained")
        ax = fig.subplots()
        ends = np.array([-2.0, 1.0])
        ax.fill_between(ends, ends - EQUIVALENCE, ends + EQUIVALENCE, color=style.WINDOW_GREY, lw=0)
        ax.plot(ends, ends, color=style.GUIDE_GREY, linewidth=0.8)
        arms = style.arms_of(fitted)
        for position, (arm, points) in enumerate(arms):
            aside = 0.025 * inch * (position - (len(arms) - 1) / 2)
            slopes = _columns(points, "slope", "slope_low", "slope_high")
            style.draw_points(ax, arm, points["cell"].map(place) + aside, *slopes, line=False)
        for cell in lowest.index if labelled else ():
            ax.annotate(
                titles[cell],
                (place[cell], lowest[cell]),
                xytext=(0, -3),
                textcoords="offset points",
                rotation=90,
                ha="center",
                va="top",
                fontsize=style.SMALL - 0.5,
                color=style.TEXT_GREY,
            )
        ax.set(xlim=x_range, ylim=y_range, xlabel="finite-n predicted slope", ylabel="fitted slope")
        ax.set_aspect("equal", adjustable="box")
        style.slope_axis(ax.xaxis)
        style.slope_axis(ax.yaxis)
        handles = [style.arm_handle(arm, line=False) for arm, _ in arms]
        handles.append(Line2D([], [], color=style.GUIDE_GREY, linewidth=0.8, label="agreement"))
        handles.append(Patch(facecolor=style.WINDOW_GREY, label="± 0.10"))
        fig.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=1.6)
    return fig


def _at_least(low: float, high: float, length: float) -> tuple[float, float]:
    """The interval, widened about its middle to `length` if it is shorter."""
    spare = max(0.0, length - (high - low)) / 2
    return low - spare, high + spare


def _spread(values: pd.Series, gap: float) -> pd.Series:
    """The values moved apart to `gap` or more, as little as can be (in least squares)."""
    ordered = values.sort_values(kind="stable")
    steps = gap * np.arange(len(ordered))
    # Values at least `gap` apart, less their steps, are values that never fall.
    return pd.Series(isotonic_regression(ordered - steps).x + steps, index=ordered.index)


# ---------------------------------------------------------------- the cost of plain training


def cost_of_plain_training(risks: pd.DataFrame) -> pd.DataFrame:
    """Adam's risk over erm's, paired by replicate: geometric mean and 95% t interval of the log.

    Columns: cell, n_ratings, ratio, low, high (NaN with fewer than two pairs), pairs. Only the
    start `used` counts.
    """
    used = risks[(risks["start"] == "used") & risks["arm"].isin(["erm", "adam"])]
    wide = used.pivot(index=["cell", "n_ratings", "replicate"], columns="arm", values="risk")
    wide = wide.reindex(columns=["erm", "adam"]).dropna()
    logs = np.log(wide["adam"] / wide["erm"]).groupby(["cell", "n_ratings"])
    summary = logs.agg(["mean", "sem", "count"]).reset_index()
    half = stats.t.ppf(0.975, summary["count"] - 1) * summary["sem"]
    return pd.DataFrame(
        {
            "cell": summary["cell"],
            "n_ratings": summary["n_ratings"],
            "ratio": np.exp(summary["mean"]),
            "low": np.exp(summary["mean"] - half),
            "high": np.exp(summary["mean"] + half),
            "pairs": summary["count"],
        }
    )


def plain_training_cost(risks: pd.DataFrame) -> Figure:
    """Adam's risk over erm's against number of ratings, a line per cell; 1 is no cost.

    Points are geometric means over replicates, paired (the same ratings); bars 95% intervals.
    Cells are set apart sideways by a few per cent so that bars do not hide each other.

    Raises:
        ValueError: if `risks` is empty.
    """
    titles = cell_titles(_nonempty(risks, "risks"))
    cost = cost_of_plain_training(risks)
    if cost.empty:
        return style.message_figure("This study does not train both erm and adam.")
    titles = {cell: title for cell, title in titles.items() if cell in set(cost["cell"])}
    with style.paper_style():
        fig, legend = _cost_page(list(titles.values()))
        ax = fig.subplots()
        ax.set(xscale="log", yscale="log")
        ax.axhline(1.0, color=style.GUIDE_GREY, linewidth=0.8, zorder=1)
        handles = []
        aside = min(1.03, 1.3 ** (1 / len(titles)))  # all cells stay within their size
        for position, (cell, title) in enumerate(titles.items()):
            mark = style.cell_mark(position).line()
            points = cost[cost["cell"] == cell].sort_values("n_ratings")
            x = points["n_ratings"] * aside ** (position - (len(titles) - 1) / 2)
            ratio, low, high = _columns(points, "ratio", "low", "high")
            ax.errorbar(x, ratio, [ratio - low, high - ratio], elinewidth=0.8, **mark)
            handles.append(Line2D([], [], label=title, **mark))
        style.size_axis(ax, cost["n_ratings"])
        style.ratio_axis(ax)
        ax.set(xlabel=SIZE_LABEL, ylabel="risk of adam / risk of erm")
        ax.spines[["top", "right"]].set_visible(False)
        fig.legend(handles=handles, **legend)
    return fig


def _cost_page(titles: list[str]) -> tuple[Figure, dict]:
    """Page and place of the legend: below a column's width, or beside if the cells are many."""
    if len(titles) > MAX_LABELLED_CELLS:
        size = style.TEXT_WIDTH, max(3.2, 0.4 + 0.16 * len(titles))
        legend = {"loc": "outside right center"}
    else:
        columns = 2 if max(map(len, titles)) <= 20 else 1
        size = style.COLUMN_WIDTH, 2.5 + 0.16 * math.ceil(len(titles) / columns)
        legend = {"loc": "outside lower center", "ncols": columns, "columnspacing": 1.2}
    return Figure(figsize=size, layout="constrained"), legend


# ---------------------------------------------------------------- shared parts


def _nonempty(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if frame.empty:
        raise ValueError(f"the {name} frame is empty: nothing to draw")
    return frame


def _columns(frame: pd.DataFrame, *names: str) -> list[np.ndarray]:
    return [frame[name].to_numpy(float) for name in names]
