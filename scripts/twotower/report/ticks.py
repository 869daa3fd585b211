"""Ticks and lengths of axes: sizes, risks, ratios and slopes have each their own."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MultipleLocator,
    NullFormatter,
    NullLocator,
)

from twotower.study.labels import number_text, size_text


def size_axis(ax: Axes, sizes: pd.Series) -> None:
    """Ticks of the x axis at sizes that were run: at most four with a label, the largest one."""
    unique = np.sort(sizes.unique())
    step = math.ceil(len(unique) / 4)
    ax.xaxis.set_major_locator(FixedLocator(unique[::-1][::step]))
    ax.xaxis.set_minor_locator(FixedLocator(unique))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: size_text(round(size))))
    ax.xaxis.set_minor_formatter(NullFormatter())


def risk_axis(ax: Axes, axis: Axis | None = None) -> None:
    """Ticks of a logarithmic axis (y by default) at decades, or at 1, 2 and 5 if it is short."""
    axis = axis or ax.yaxis
    low, high = axis.get_view_interval()
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps))
    powers = low < 1e-4  # too many zeros to read
    axis.set_major_formatter(FuncFormatter(lambda risk, _: _risk_text(risk, powers)))
    axis.set_minor_formatter(NullFormatter())


def _risk_text(risk: float, powers: bool) -> str:
    return f"$10^{{{round(math.log10(risk))}}}$" if powers else f"{risk:g}"


def ratio_axis(ax: Axes, tolerance: float | None = None) -> None:
    """Ticks of the logarithmic y axis at powers of 2; if it spans few of them, of √2 or at tenths.

    With a tolerance, ticks are at 1 and that factor to both sides, and at powers of 2 beyond.
    """
    low, high = np.log2(ax.get_ylim())
    step = 1.0 if high - low > 2 or tolerance else 0.5
    ticks = 2.0 ** np.arange(math.floor(low), math.ceil(high) + step, step)
    if tolerance:
        beyond = ticks[np.abs(np.log(ticks)) > math.log(tolerance)]
        ticks = np.concatenate([[1 / tolerance, 1.0, tolerance], beyond])
    elif high - low <= 1 and high <= 1:
        ticks = np.arange(1, 21) / 10
    digits = 3 if tolerance else 2
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda ratio, _: f"{ratio:.{digits}g}" if ratio < 10 else f"{ratio:.0f}")
    )
    ax.yaxis.set_minor_locator(NullLocator())


def slope_axis(axis: Axis) -> None:
    """Ticks at tenths, or wider apart if the axis is long: the same steps on x and y."""
    low, high = axis.get_view_interval()
    step = next(step for step in (0.1, 0.2, 0.5, *2.0 ** np.arange(64)) if high - low < 8.5 * step)
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(FuncFormatter(lambda slope, _: number_text(slope, 1)))


def widen(ax: Axes, length: float) -> None:
    """Widen the y axis about its middle to `length`, if it is shorter."""
    low, high = ax.get_ylim()
    spare = max(0.0, length - (high - low)) / 2
    ax.set_ylim(low - spare, high + spare)
