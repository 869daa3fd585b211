"""Risk against number of ratings, log-log: measured, fitted and predicted.

Frames have the columns of results/rates: `curves` one row per cell × arm × size, `rates` one per
cell × arm. Arms, fits and predictions that a study lacks are simply not drawn.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from twotower.report import headings, style, ticks
from twotower.study import arms
from twotower.study.labels import (
    betas_text,
    by_side,
    cell_titles,
    cells_in_order,
    shared_settings,
)
from twotower.study.settings import OWN_SMOOTHNESS

SIZE_LABEL = "number of ratings |Ω|"
# Mathtext places the hat itself; a combining character is left to the renderer.
RISK_LABEL = r"risk  $\Vert\hat{R} - R^*\Vert^2 \,/\, \mathrm{Var}\,R^*$"
PREDICTION_LABEL = "predicted, no free constant"
CLICKS_LABEL = "number of clicks n"
EXCESS_LABEL = "risk: excess log loss"
GUIDE_LABEL = "bound −2β/(2β+d)"
WINDOW_LABEL = "sizes fitted"
UPPER_LABEL = "upper half (slopes)"
FAMILY_TITLE = "slopes: upper half\nof the sizes fitted"
MAX_PANELS = 16
"""Cells with a panel each; of more cells, those that differ in β alone share a panel."""

GUIDE = {"color": style.GUIDE_GREY, "linewidth": 1.8, "linestyle": "-", "zorder": 1.5}
PREDICTION = {"color": style.BLACK, "linewidth": 0.8, "linestyle": (0, (5, 2)), "zorder": 4.5}


def learning_curves(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Risk against number of ratings, a panel per cell; all panels share both axes.

    Points are means over replicates with 95% intervals, lines the fitted power laws, dashes what
    was predicted without a free constant: in a dark shade of the arm's colour, black where arms
    share one prediction. The grey
    line has the bound's slope and lies below the points (its height means nothing). Above a panel
    stand the slopes over the upper half of the window, which the rules judge, with half the width
    of their intervals, and those predicted. Of more than MAX_PANELS cells, those that differ in β
    alone share a panel, and only erm is drawn.

    Raises:
        ValueError: if `curves` is empty, or has an arm without a mark.
    """
    if curves.empty:
        raise ValueError("the curves frame is empty: nothing to draw")
    n_cells = curves["cell"].nunique()
    with style.paper_style():
        if n_cells > MAX_PANELS:
            return _families(curves, rates)
        above = _rows_above(curves, rates).values()
        fig = Figure(figsize=page_size([*map(len, above)]), layout="constrained")
        _, free = draw_cells(fig, curves, rates)
        legend = {"handles": handles(curves, rates), "title": shared_title(curves)}
        if free is None:
            columns = 2 if n_cells == 1 else 3
            fig.legend(loc="outside upper center", ncols=columns, **legend)
        else:
            free.legend(loc="center", labelspacing=0.6, **legend)
    return fig


def study_curves(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """The learning curves of a whole study: of its confirmatory cells where it has any.

    Raises:
        ValueError: if an arm has no mark.
    """
    if curves.empty:
        return style.message_figure("No experiment of this study varies the number of ratings.")
    curves = curves.drop_duplicates(["cell", "arm", "n_ratings"])  # a cell of two experiments
    curves = curves[~curves["arm"].isin(arms.COMPARATORS)]  # they have a figure of their own
    if curves.empty:
        return style.message_figure("All its curves stand in the figure of other methods.")
    rates = rates[~rates["arm"].isin(arms.COMPARATORS)]
    confirmatory = rates.loc[rates["confirmatory"].astype(bool), "cell"]
    kept = curves["cell"].isin(confirmatory)
    return learning_curves(curves[kept] if kept.any() else curves, rates)


# ---------------------------------------------------------------- a panel per cell


def columns_for(n_panels: int) -> int:
    """Panels in a row of a page: as wide as can be, and few empty slots."""
    if n_panels <= 3:
        return 1 if n_panels == 1 else 3
    return 3 if n_panels in (5, 6, 9) else 4


def page_size(lines: list[int]) -> tuple[float, float]:
    """Inches of a page of panels, each with so many lines of slopes above it.

    It has room for a legend where no slot is free.
    """
    columns = columns_for(len(lines))
    most = [max(lines[first : first + columns]) for first in range(0, len(lines), columns)]
    above = headings.height(sum(most))
    if columns == 1:
        return style.COLUMN_WIDTH, 3.0 + above
    legend_above = 0.4 * (len(lines) % columns == 0)
    rows = len(most) * (1.7 if columns == 3 else 1.4)
    return style.TEXT_WIDTH, 0.4 + legend_above + rows + above


def draw_cells(
    fig: FigureBase, curves: pd.DataFrame, rates: pd.DataFrame, slopes: bool = True
) -> tuple[list[Axes], Axes | None]:
    """Fill a page, or a part of one, with a panel per cell; `shared_title` says what all share.

    Args:
        fig: a figure or subfigure.
        curves, rates: see `learning_curves`.
        slopes: whether slopes stand above each panel.

    Returns:
        The panels, and the first free slot of their grid (None if there is none).
    """
    shared = shared_settings(curves)
    titles = cell_titles(curves, without=shared)
    above = _rows_above(curves, rates) if slopes else dict.fromkeys(titles, [])
    panels, free = grid(fig, len(titles))
    for ax, cell in zip(panels, titles, strict=True):
        of_cell = curves[curves["cell"] == cell]
        _shade(ax, _sizes(of_cell, "in_window"), style.WINDOW_GREY)
        if above[cell]:
            _shade(ax, _sizes(of_cell, "upper_half"), style.UPPER_GREY)
        for arm, points in style.arms_of(of_cell):
            draw_measured(ax, points, style.arm_mark(arm))
        draw_predictions(ax, of_cell)
        _draw_guide(ax, of_cell, rates[rates["cell"] == cell])
    headings.draw(panels, {title: above[cell] for cell, title in titles.items()})
    _finish(fig, panels, curves)
    return panels, free


def shared_title(curves: pd.DataFrame) -> str:
    """What `draw_cells` leaves out of the panels' titles: a title for its legend."""
    shared = shared_settings(curves) if curves["cell"].nunique() > 1 else {}
    return f"all: {', '.join(shared.values())}" if shared else ""


def handles(curves: pd.DataFrame, rates: pd.DataFrame, slopes: bool = True) -> list:
    """The legend of `draw_cells`: arms, prediction, bound, window, each if it is drawn."""
    entries = [style.arm_handle(arm) for arm, _ in style.arms_of(curves)]
    if curves["predicted_risk"].notna().any():
        entries.append(Line2D([], [], label=PREDICTION_LABEL, **PREDICTION))
    if curves["in_window"].any():
        if rates["bound_slope"].notna().any():
            entries.append(Line2D([], [], label=GUIDE_LABEL, **GUIDE))
        entries.append(Patch(facecolor=style.WINDOW_GREY, label=WINDOW_LABEL))
        if slopes and rates["upper_difference"].notna().any():
            entries.append(Patch(facecolor=style.UPPER_GREY, label=UPPER_LABEL))
    return entries


def grid(fig: FigureBase, n_panels: int) -> tuple[list[Axes], Axes | None]:
    """Logarithmic panels that share axes; the first slot left free, None if there is none."""
    columns = columns_for(n_panels)
    rows = math.ceil(n_panels / columns)
    slots = list(fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    panels, free = slots[:n_panels], slots[n_panels:]
    for ax in panels:
        ax.set(xscale="log", yscale="log")
        ax.spines[["top", "right"]].set_visible(False)
    for ax in panels[-columns:]:
        ax.tick_params(labelbottom=True)  # the lowest of its column, though a free slot follows
    for ax in free:
        ax.set_axis_off()
    return panels, free[0] if free else None


def _finish(fig: FigureBase, panels: list[Axes], curves: pd.DataFrame) -> None:
    """Ticks and labels of shared axes."""
    ticks.size_axis(panels[0], curves["n_ratings"])
    ticks.risk_axis(panels[0])
    are_clicks = set(curves["sampling"]) == {"clicks"}
    fig.supxlabel(CLICKS_LABEL if are_clicks else SIZE_LABEL)
    fig.supylabel(EXCESS_LABEL if are_clicks else RISK_LABEL)


def _sizes(curves: pd.DataFrame, marked: str) -> np.ndarray:
    return np.sort(curves.loc[curves[marked].astype(bool), "n_ratings"].unique())


def _shade(ax: Axes, sizes: np.ndarray, color: str) -> None:
    if len(sizes) > 1:
        ax.axvspan(sizes[0] / 2**0.25, sizes[-1] * 2**0.25, color=color, linewidth=0, zorder=0)


def draw_measured(ax: Axes, points: pd.DataFrame, mark: style.Mark, x: str = "n_ratings") -> None:
    """One arm's risks with their intervals, and its fitted line; joined up where none is fitted."""
    points = points.sort_values(x)
    fitted = points.dropna(subset="fitted_risk") if "fitted_risk" in points else points.iloc[:0]
    means = [points[name].to_numpy(float) for name in ("mean_risk", "risk_low", "risk_high")]
    style.draw_points(ax, mark, points[x], *means, line=fitted.empty)
    if not fitted.empty:
        ax.plot(fitted[x], fitted["fitted_risk"], **mark.line() | {"marker": ""})


def draw_predictions(ax: Axes, curves: pd.DataFrame) -> None:
    """The predicted risks of one cell's arms: of each its own line, of arms that share one it."""
    sharing: dict[tuple, list[str]] = {}
    for arm, rows in style.arms_of(curves.dropna(subset="predicted_risk")):
        line = rows.sort_values("n_ratings")
        points = tuple(line["n_ratings"]), tuple(line["predicted_risk"])
        sharing.setdefault(points, []).append(arm)
    for points, sharers in sharing.items():
        color = style.BLACK if len(sharers) > 1 else style.dark(style.arm_mark(sharers[0])).color
        ax.plot(*points, **PREDICTION | {"color": color})


def draw_prediction(ax: Axes, points: pd.DataFrame, mark: style.Mark, x: str = "n_ratings") -> None:
    """The predicted risks of one series whose mark is no arm's."""
    line = points.dropna(subset="predicted_risk").sort_values(x)
    ax.plot(line[x], line["predicted_risk"], **PREDICTION | {"color": style.dark(mark).color})


def _draw_guide(ax: Axes, curves: pd.DataFrame, rates: pd.DataFrame) -> None:
    window, slopes = _sizes(curves, "in_window"), rates["bound_slope"].dropna()
    if len(window) < 2 or slopes.empty:
        return
    slope = float(slopes.iloc[0])  # −1 reads back from CSV as an integer
    inside = curves[curves["n_ratings"].isin(window)]
    # Below every mean in the window, by a third at the nearest.
    height = 0.66 * (inside["mean_risk"] / inside["n_ratings"] ** slope).min()
    ax.plot(window, height * window.astype(float) ** slope, **GUIDE)


def _rows_above(curves: pd.DataFrame, rates: pd.DataFrame) -> dict[str, list[headings.Row]]:
    """Cell → the lines above its panel, in the order of the panels."""
    cells = cells_in_order(curves).index
    return {cell: headings.of_arms(rates[rates["cell"] == cell]) for cell in cells}


# ---------------------------------------------------------------- many cells


def _families(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """A panel per setting of everything but β, in which colours and markers tell β apart.

    Of several arms the first is drawn: `erm` where it is there.
    """
    drawn = style.arms_of(curves)[0][0]
    curves, rates = (frame[frame["arm"] == drawn] for frame in (curves, rates))
    titles = cell_titles(curves, without=("smoothness",))
    cells = cells_in_order(curves)
    said = {cell: by_side("β", betas_text(row)) for cell, row in cells.iterrows()}
    own = [name for name in OWN_SMOOTHNESS if name in cells]
    smoothest_last = cells.sort_values(["smoothness", *own]).index
    betas = dict.fromkeys(said[cell] for cell in smoothest_last)
    marks = {beta: style.series_mark(place) for place, beta in enumerate(betas)}
    looks = {beta: (beta, style.dark(mark).color) for beta, mark in marks.items()}
    families: dict[str, dict[str, str]] = {}  # title → cell → β
    for cell, beta in said.items():
        families.setdefault(titles[cell], {})[cell] = beta
    above = {
        family: headings.of_cells(rates, {cell: looks[beta] for cell, beta in members.items()})
        for family, members in families.items()
    }
    lines = [len(rows) for rows in above.values()]
    fig = Figure(figsize=page_size(lines), layout="constrained")
    panels, free = grid(fig, len(families))
    for ax, members in zip(panels, families.values(), strict=True):
        for cell, beta in members.items():
            points = curves[curves["cell"] == cell]
            draw_measured(ax, points, marks[beta])
            draw_prediction(ax, points, marks[beta])
    headings.draw(panels, above)
    _finish(fig, panels, curves)
    entries = [Line2D([], [], label=looks[beta][0], **mark.line()) for beta, mark in marks.items()]
    entries.append(Line2D([], [], label=PREDICTION_LABEL, **PREDICTION))
    name = style.TWO_TOWERS if drawn == arms.ERM else arms.label(drawn)
    title = f"{name};\n{FAMILY_TITLE}" if any(lines) else name
    if free is None:
        above_all = {"loc": "outside upper center", "title": title.replace("\n", " ")}
        fig.legend(handles=entries, ncols=6, columnspacing=1.4, **above_all)
    else:
        free.legend(handles=entries, loc="center", labelspacing=0.6, title=title)
    return fig
