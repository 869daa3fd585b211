"""What a figure shows, read back from it: for tests of figures."""

import numpy as np
from matplotlib.figure import Figure, FigureBase


def panels(fig: FigureBase) -> list:
    """Axes that are drawn, those of subfigures included, from top to bottom."""
    parts = list(fig.subfigs) or [fig]
    return [ax for part in parts for ax in part.axes if ax.axison]


def titles(fig: FigureBase) -> list[str]:
    return [ax.get_title() for ax in panels(fig)]


def legend_texts(fig: Figure) -> list[str]:
    """Entries of the figure's only legend."""
    legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    assert len(legends) == 1
    return [text.get_text() for text in legends[0].get_texts()]


def legend_title(fig: Figure) -> str:
    legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    return legends[0].get_title().get_text()


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def lines(ax, color: str) -> list:
    return [line for line in ax.lines if line.get_color() == color]


def points(ax, marker: str) -> np.ndarray:
    """(x, y) of everything drawn with a marker, shape [points, 2]."""
    drawn = [line.get_xydata() for line in ax.lines if line.get_marker() == marker]
    return np.concatenate(drawn) if drawn else np.zeros((0, 2))


def log_slope(line) -> float:
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    return (y[-1] - y[0]) / (x[-1] - x[0])
