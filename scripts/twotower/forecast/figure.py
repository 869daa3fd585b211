"""A plan as files: a picture of what was measured, of the curve and where answers end; a record."""

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from twotower.base.files import atomic_write
from twotower.forecast import plan_text
from twotower.forecast.drifting_curve import REACH
from twotower.forecast.intervals import CONFIDENCE
from twotower.forecast.plan import DataBudget
from twotower.rates.intervals import mean_interval
from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL

_MARK = style.Mark(style.BLUE, "o", "none", markersize=3.8, zorder=4.0)
_TARGET = {"color": style.VERMILION, "linewidth": 1.0, "linestyle": (0, (5, 2)), "zorder": 2.2}
_FLOOR = {"color": style.BLACK, "linewidth": 0.8, "linestyle": (0, (1, 1.5)), "zorder": 2.1}
_BORDER = {"color": style.BLACK, "linewidth": 1.4, "zorder": 2.5}
_RANGE = {"color": style.VERMILION, "linewidth": 4.0, "zorder": 4.5}
_POINT = {"color": style.VERMILION, "marker": "D", "markersize": 5.0, "markeredgecolor": "white",
          "markeredgewidth": 0.7, "zorder": 5.0}  # fmt: skip
_DEEPEST = 30.0  # times below the smallest error: a floor further down is told, but not drawn
_LOG_RANGE = 3.0  # errors that span less than this factor are shown on a plain axis


def figure(made: DataBudget) -> Figure:
    """Points with 95% intervals, the curve with its 80% band, the target and the ratings it needs.

    Errors are in the unit of the file. Right of the largest size the curve is extrapolated (grey);
    beyond the thick line, ten times that size, nothing is said. Where the fit failed its check, the
    curve is interpolated, and the line is at the largest size.
    """
    pilot, found, shown = made.source.pilot, made.forecast, made.source.shown
    target = float(shown(made.target))
    with style.paper_style():
        fig = Figure(figsize=(0.75 * style.TEXT_WIDTH, 3.2), layout="constrained")
        ax = fig.subplots()
        ax.set_xscale("log", base=2)
        largest, border = float(pilot.n[-1]), made.limit
        half = CONFIDENCE / 2
        low, middle, high = shown(np.quantile(found.error, [0.5 - half, 0.5, 0.5 + half], axis=0))
        ax.axvspan(largest, border, color=style.WINDOW_GREY, linewidth=0, zorder=0)
        ax.fill_between(found.n, low, high, color=style.SKY, alpha=0.55, linewidth=0, zorder=1.5)
        inside = found.n <= largest * 1.001
        line = {"color": style.BLUE, "linewidth": 1.2, "zorder": 3.0}
        ax.plot(found.n[inside], middle[inside], **line)
        ax.plot(found.n[~inside], middle[~inside], linestyle="--", **line)
        means, lows, highs = shown(np.array([mean_interval(e, 0.95) for e in pilot.error.T])).T
        style.draw_points(ax, _MARK, pilot.n, means, lows, highs)
        ax.axhline(target, **_TARGET)
        floor = [made.floor.middle] if _floor_is_near(made, float(means.min())) else []
        for level in floor:
            ax.axhline(level, **_FLOOR)
        ax.axvline(border, **_BORDER)
        _needed(ax, made, border)
        ax.set_xlim(pilot.n[0] / 1.25, border * 1.25)
        _axes(ax, [means.min(), means.max(), target, *floor])
        ax.annotate(
            (f"no answer beyond {REACH:.0f} × the data" if made.checked else "measured to here"),
            xy=(border, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3, -4),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize=style.SMALL,
            color=style.TEXT_GREY,
        )
        ax.set_xlabel(SIZE_LABEL)
        ax.set_ylabel(made.source.unit)
        ax.set_title(made.source.title)
        fig.legend(handles=_handles(made), loc="outside right center", labelspacing=0.8)
    return fig


def _floor_is_near(made: DataBudget, least: float) -> bool:
    """Whether a fitted floor can be shown beside errors from `least` on: none of 0 can, in logs."""
    return made.floor is not None and made.floor.middle > least / _DEEPEST


def _needed(ax, made: DataBudget, border: float) -> None:
    """The ratings needed, from where the curve meets the target down to the axis."""
    low, middle, high = made.ratings.low, made.ratings.middle, min(made.ratings.high, border)
    below = ax.get_xaxis_transform()
    ax.annotate(
        "",
        xy=(middle, 0),
        xycoords=("data", "axes fraction"),
        xytext=(middle, made.source.shown(made.target)),
        textcoords="data",
        arrowprops={"arrowstyle": "-|>", "color": style.VERMILION, "linewidth": 0.9},
        zorder=4.2,
    )
    ax.plot([low, high], [0, 0], transform=below, clip_on=False, solid_capstyle="butt", **_RANGE)
    ax.plot([middle], [made.source.shown(made.target)], **_POINT)


def _axes(ax, shown: list[float]) -> None:
    ax.xaxis.set_major_locator(LogLocator(base=2, numticks=6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: _size(n)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    low, high = min(shown), max(shown)
    if high / low > _LOG_RANGE:
        ax.set_yscale("log")
        ax.set_ylim(low / 2.2, high * 1.5)
        ticks.risk_axis(ax)
    else:
        ax.set_ylim(low - 0.22 * (high - low), high + 0.12 * (high - low))


def _size(n: float) -> str:
    return f"{n / 1e6:.3g} M" if n >= 1e6 else f"{n:,.0f}"


def _handles(made: DataBudget) -> list:
    n = made.ratings
    needed = f"ratings needed: {_round(n.middle)}\n80%: {_round(n.low)} to "
    needed += "beyond" if math.isinf(n.high) else _round(n.high)
    point = {"marker": "D", "color": style.VERMILION, "linewidth": 2.6, "markersize": 5.0}
    handles = [
        Line2D(
            [], [], label=f"mean of {len(made.source.pilot.error)} replicates, 95%", **_MARK.line()
        ),
        Line2D([], [], color=style.BLUE, label="curve fitted" if made.checked else "interpolated"),
        Line2D([], [], color=style.BLUE, linestyle="--", label="extrapolated"),
        Patch(color=style.SKY, alpha=0.55, label=f"{CONFIDENCE:.0%} band"),
        Line2D([], [], label=f"wanted: {made.source.shown(made.target):.4g}", **_TARGET),
        Line2D([], [], label=needed, **point),
        Patch(color=style.WINDOW_GREY, label="extrapolation"),
        Line2D([], [], label="limit of answers", **_BORDER),
    ]
    if not made.checked:  # nothing is extrapolated
        handles = [h for h in handles if not h.get_label().startswith("extrapolat")]
    if made.floor:
        handles.insert(5, Line2D([], [], label=f"floor: {made.floor.middle:.3g}", **_FLOOR))
    return handles


def _round(n: float) -> str:
    unit = 10 ** max(math.floor(math.log10(n)) - 2, 0)
    return f"{round(n / unit) * unit:,}"


def write(made: DataBudget, folder: Path) -> str:
    """Write the record as JSON and the picture as PDF, SVG and PNG; what was written, in words."""
    stem = Path(folder) / f"{made.source.key}-{made.source.shown(made.target):.4g}"
    style.save_figure(figure(made), stem)
    with atomic_write(stem.with_name(f"{stem.name}.json")) as path:
        path.write_text(plan_text.record(made), encoding="utf-8")
    return f"{stem}.json, .pdf, .svg and .png"
