"""One figure per experiment: what its setting does to the slope, and the curves it comes from.

Frames are those of `curve_figures`. Above, the fitted slopes against the setting that the
experiment varies; below, a panel of risks per cell. Both speak one language: thick grey is the
bound, dashes are what was predicted without a free constant, and each arm has its mark.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D

from twotower.report import curves as curve_figures
from twotower.report import methods, slopeless, style, ticks
from twotower.report.curves import GUIDE, PREDICTION
from twotower.study import arms
from twotower.study.labels import (
    cell_titles,
    cells_in_order,
    dims_text,
    setting_text,
    smoothness_text,
)
from twotower.theory.bound import Theory

SLOPE_LABEL = "slope of risk in |Ω|"
ASYMPTOTE_LABEL = "prediction, |Ω| → ∞"
MAX_GROUPS = 6
"""Slope panels in a row; an experiment of more groups gets learning curves alone."""

_ASYMPTOTE = {"color": style.TEXT_GREY, "linewidth": 1.1, "linestyle": (0, (1, 1.5)), "zorder": 1.6}
_SLOPE_HEIGHT = 2.05  # inches
_APART = 0.01  # predicted slopes of arms that differ by less are one line
_MIN_SPAN = 0.4  # of a slope axis: what is flat must look flat


@dataclass(frozen=True)
class _Varied:
    """What an experiment varies: the settings on the x axis, its label, a value's tick label.

    `levels` gives slopes that theory names for a cell, by what they are called: lines across.
    """

    settings: tuple[str, ...]
    label: str
    tick: Callable[[pd.Series], str]
    levels: Callable[[pd.Series], dict[str, float]] | None = None


def _words(*names: str) -> Callable[[pd.Series], str]:
    def tick(row: pd.Series) -> str:
        return "\n".join(filter(None, (setting_text(name, row[name]) for name in names)))

    return tick


def _smoothness(row: pd.Series) -> str:
    fixed = row["schedule"] == "fixed"
    return smoothness_text(row["smoothness"]) + ("\nfixed width" if fixed else "")


def _fitted_dim(row: pd.Series) -> str:
    return f"{row['embedding_dim']:g}" + ("\ntrue p" if row["embedding_dim"] == row["rank"] else "")


def _with_and_without_noise(row: pd.Series) -> dict[str, float]:
    theory = Theory.of(row)
    return {
        "−2β/(2β+d)": theory.bound_slope,
        "−2β/d\n(no noise)": theory.approximation_slope,
    }


def _of_d_and_of_ambient(row: pd.Series) -> dict[str, float]:
    dims = {"d": max(row["user_intrinsic_dim"], row["item_intrinsic_dim"]), "D": row["ambient_dim"]}
    return {
        f"rate of\n{name} = {dim:g}": Theory(row["smoothness"], dim, dim).bound_slope
        for name, dim in dims.items()
    }


_VARIED = {
    "smoothness": _Varied(("smoothness", "schedule"), "smoothness β", _smoothness),
    "dimension": _Varied(
        ("ambient_dim", "support"), "ambient dimension D", lambda row: f"{row['ambient_dim']:g}"
    ),
    "dust": _Varied(("intrinsic_dim",), "intrinsic dimension d of the dust", dims_text),
    "depth": _Varied(("depth",), "hidden layers", lambda row: f"{row['depth']:g}"),
    "sampling": _Varied(
        ("sampling", "catalogue", "ratings_each"),
        "how pairs are sampled",
        _words("sampling", "catalogue"),
    ),
    "noise": _Varied(
        ("noise_sd", "noise", "rating_scale"),
        "noise, σ in units of the signal's standard deviation",
        _words("noise_sd", "noise", "rating_scale"),
        _with_and_without_noise,
    ),
    "off_manifold": _Varied(
        ("off_manifold_noise",),
        "off-manifold noise τ",
        lambda row: f"{row['off_manifold_noise']:g}",
        _of_d_and_of_ambient,
    ),
    "embedding_dim": _Varied(
        ("embedding_dim",), "embedding dimension p that is fitted", _fitted_dim
    ),
}


def experiment_figure(name: str, curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """The figure of the experiment `name`; its learning curves where the name is not known.

    Curves over hidden units, those of an experiment with `axis: units`, have one figure under
    every name.

    Raises:
        ValueError: if `curves` is empty, or has an arm without a mark.
    """
    if "units" in curves:
        return slopeless.approximation(curves, rates)
    if name == "null_cells":
        return slopeless.null_cells(curves, rates)
    if curves["arm"].isin(arms.COMPARATORS).any():
        return methods.methods(curves)
    fitted = rates.dropna(subset=["slope"])
    if name == "max_not_sum" and not fitted.empty:
        return _two_storeys(curves, rates, lambda fig: _max_and_sum(fig, fitted))
    if name in _VARIED and not fitted.empty:
        varied = _VARIED[name]
        if len(_groups(rates, varied)) <= MAX_GROUPS:
            return _two_storeys(curves, rates, lambda fig: _slopes(fig, rates, varied))
    return curve_figures.learning_curves(curves, rates)


def _two_storeys(
    curves: pd.DataFrame, rates: pd.DataFrame, draw_above: Callable[[FigureBase], list]
) -> Figure:
    """Slopes above, drawn by `draw_above`, which returns handles of its own; curves below."""
    n_cells = curves["cell"].nunique()
    with style.paper_style():
        rows = -(-n_cells // curve_figures.columns_for(n_cells))
        height = 0.4 + rows * 1.5
        size = style.TEXT_WIDTH, _SLOPE_HEIGHT + height + 0.45
        fig = Figure(figsize=size, layout="constrained")
        above, below = fig.subfigures(2, 1, height_ratios=[_SLOPE_HEIGHT, height])
        own = draw_above(above)
        curve_figures.draw_cells(below, curves, rates, slopes=False)
        entries = [*curve_figures.handles(curves, rates, slopes=False), *own]
        title = curve_figures.shared_title(curves)
        columns = len(entries) if len(entries) <= 5 else -(-len(entries) // 2)
        fig.legend(handles=entries, title=title, loc="outside upper center", ncols=columns)
    return fig


# ---------------------------------------------------------------- slopes against a setting


def _groups(rates: pd.DataFrame, varied: _Varied) -> dict[str, list[str]]:
    """Title of what the x axis does not say → its cells in order: a panel each."""
    shared = curve_figures.shared_settings(rates)
    groups: dict[str, list[str]] = {}
    for cell, title in cell_titles(rates, without={*varied.settings, *shared}).items():
        groups.setdefault(title, []).append(cell)
    return groups


def _slopes(fig: FigureBase, rates: pd.DataFrame, varied: _Varied) -> list:
    """Slopes with intervals at each value of the setting; a panel per group, y shared."""
    cells = cells_in_order(rates)
    groups = _groups(rates, varied)
    axes = fig.subplots(
        1,
        len(groups),
        sharey=True,
        squeeze=False,
        width_ratios=[len(members) for members in groups.values()],
    )[0]
    present = style.arms_of(rates)
    asymptotes = False
    for ax, (title, members) in zip(axes, groups.items(), strict=True):
        for place, cell in enumerate(members):
            of_cell = rates[rates["cell"] == cell]
            asymptotes |= _draw_theory(ax, place, of_cell, varied.levels is None)
        if varied.levels:
            _draw_levels(ax, varied.levels(cells.loc[members[-1]]))
        for turn, (_, rows) in enumerate(present):
            # Places on this axis are names, not numbers: arms may stand side by side.
            aside = 0.2 * (turn - (len(present) - 1) / 2)
            rows = rows.set_index("cell").reindex(members)
            slopes = [rows[name].to_numpy(float) for name in ("slope", "slope_low", "slope_high")]
            mark = style.arm_mark(present[turn][0])
            style.draw_points(ax, mark, np.arange(len(members)) + aside, *slopes, line=False)
        ax.set_xticks(range(len(members)), [varied.tick(cells.loc[cell]) for cell in members])
        ax.set_xlim(-0.6, len(members) - 0.4)
        ax.tick_params(axis="x", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_title(style.in_lines(title))
    ticks.widen(axes[0], _MIN_SPAN)
    ticks.slope_axis(axes[0].yaxis)
    axes[0].set_ylabel(SLOPE_LABEL)
    fig.supxlabel(varied.label)
    return [Line2D([], [], label=ASYMPTOTE_LABEL, **_ASYMPTOTE)] if asymptotes else []


def _draw_theory(ax: Axes, place: int, rows: pd.DataFrame, asymptote: bool) -> bool:
    """What theory says of one cell, about its place; whether its asymptote was drawn.

    It is where it is asked for, and is not the bound.
    """
    ends = [place - 0.4, place + 0.4]
    bound = rows["bound_slope"].dropna()
    if len(bound):
        ax.plot(ends, [bound.iloc[0]] * 2, **GUIDE)
    predicted = rows[rows["arm"] != arms.JOINT].dropna(subset="predicted_slope")
    slopes = [(arm, of_arm["predicted_slope"].iloc[0]) for arm, of_arm in style.arms_of(predicted)]
    differ = np.ptp([slope for _, slope in slopes] or [0.0]) > _APART
    for arm, slope in slopes if differ else slopes[:1]:
        color = style.dark(style.arm_mark(arm)).color if differ else style.BLACK
        ax.plot(ends, [slope] * 2, **PREDICTION | {"color": color, "zorder": 2.5})
    if not asymptote or "asymptotic_slope" not in rows:
        return False
    tends = rows["asymptotic_slope"].dropna()
    apart = len(tends) > 0 and len(bound) > 0 and abs(tends.iloc[0] - bound.iloc[0]) > 0.005
    if apart:
        ax.plot(ends, [tends.iloc[0]] * 2, **_ASYMPTOTE)
    return apart


def _draw_levels(ax: Axes, levels: dict[str, float]) -> None:
    """Lines across the panel, each with its name beyond its right end."""
    for name, slope in levels.items():
        ax.axhline(slope, **_ASYMPTOTE)
        style.note(ax, name, slope, outside=True)


# ---------------------------------------------------------------- max, not sum


def _max_and_sum(fig: FigureBase, rates: pd.DataFrame) -> list:
    """Slopes of erm and joint against max(d_u, d_i) and d_u + d_i, with the rate of each.

    In each panel the arm that its rate is not for is pale.
    """
    dims = rates[["user_intrinsic_dim", "item_intrinsic_dim"]]
    panels = {
        arms.ERM: ("two towers: the maximum counts", "max($d_u$, $d_i$)", dims.max(axis=1)),
        arms.JOINT: ("joint regression: the sum counts", "$d_u$ + $d_i$", dims.sum(axis=1)),
    }
    axes = fig.subplots(1, 2, sharey=True)
    for ax, (meant, (title, label, dim)) in zip(axes, panels.items(), strict=True):
        line = np.linspace(dim.min(), dim.max(), 50)
        for beta in sorted(rates["smoothness"].unique()):
            ax.plot(line, [Theory(beta, x, x).bound_slope for x in line], **GUIDE)
        for arm, rows in style.arms_of(rates[rates["arm"].isin(panels)]):
            slopes = [rows[name].to_numpy(float) for name in ("slope", "slope_low", "slope_high")]
            mark = style.arm_mark(arm) if arm == meant else style.pale(style.arm_mark(arm))
            style.draw_points(ax, mark, dim[rows.index], *slopes, line=False)
        ax.set_xticks(sorted(dim.unique()))
        ax.spines[["top", "right"]].set_visible(False)
        ax.set(title=title, xlabel=f"m = {label};  grey: −2β/(2β + m)")
    ticks.widen(axes[0], _MIN_SPAN)
    ticks.slope_axis(axes[0].yaxis)
    axes[0].set_ylabel(SLOPE_LABEL)
    return []
