"""Sums between scattered points and a regular grid, by a window of few grid points around each.

A point has a first grid index and window values on each of two axes. A grid holds several series,
side by side in its rows, so that the inner loops run over contiguous memory: it is
[rows, columns · series], each axis longer than the period by the window, so that no index wraps.
One axis is a grid of one row, with windows of the one value 1. Points are taken in their order;
where four in a row have the same first indices they are spread together, since the grid's memory
is what limits the speed.
"""

import numpy as np

from twotower.kernels.compiled import compiled


@compiled
def windows(order, offsets, places, polynomials, filled):
    """Window values at grid points, by a polynomial for each of them.

    Args:
        order: int32 [n], points in the order in which they are filled in.
        offsets: float64 [n] in [−1, 1], by point.
        places: int32 [n], by point, zeros before its window's first value.
        polynomials: float64 [degree + 1, width], coefficients of each value, the highest first.
        filled: float64 [n, span] of zeros, changed in place.
    """
    degree, width = polynomials.shape[0] - 1, polynomials.shape[1]
    for n in range(len(order)):
        offset, place = offsets[order[n]], places[order[n]]
        row = filled[n, place : place + width]
        for j in range(width):
            row[j] = polynomials[0, j]
        for k in range(1, degree + 1):
            for j in range(width):
                row[j] = row[j] * offset + polynomials[k, j]


@compiled
def _filled(patch, window, weights):
    """One point's weighted window of columns, in the layout of a grid's row."""
    series = len(weights)
    for s in range(series):
        weight = weights[s]
        place = s
        for j in range(len(window)):
            patch[place] = window[j] * weight
            place += series


@compiled
def spread(order, rows, row_windows, columns, column_windows, weights, grid):
    """Add Σ_n weight_n · window_n to the grid.

    Args:
        order: int32 [n], points in the order in which they are taken; windows stand in it already.
        rows, columns: int32 [n], first index of each window.
        row_windows, column_windows: float64 [n, row width] and [n, column width].
        weights: float64 [n, n_series], in the points' own order.
        grid: float64 [n_rows, n_columns · n_series], changed in place.
    """
    series, height = weights.shape[1], row_windows.shape[1]
    length = column_windows.shape[1] * series
    patch, second = np.empty(length), np.empty(length)
    third, fourth = np.empty(length), np.empty(length)
    n, count = 0, len(rows)
    while n < count:
        first, start = rows[n], columns[n] * series
        _filled(patch, column_windows[n], weights[order[n]])
        # Points of the same first indices stand together.
        if n + 3 < count and rows[n + 3] == first and columns[n + 3] == columns[n]:
            _filled(second, column_windows[n + 1], weights[order[n + 1]])
            _filled(third, column_windows[n + 2], weights[order[n + 2]])
            _filled(fourth, column_windows[n + 3], weights[order[n + 3]])
            for i in range(height):
                a, b = row_windows[n, i], row_windows[n + 1, i]
                c, d = row_windows[n + 2, i], row_windows[n + 3, i]
                row = grid[first + i, start : start + length]
                for j in range(length):
                    row[j] += (a * patch[j] + b * second[j]) + (c * third[j] + d * fourth[j])
            n += 4
        else:
            for i in range(height):
                scale = row_windows[n, i]
                row = grid[first + i, start : start + length]
                for j in range(length):
                    row[j] += scale * patch[j]
            n += 1


@compiled
def interpolate(order, rows, row_windows, columns, column_windows, grid, values):
    """Sums of the grid under each point's window: the transpose of `spread`.

    Args:
        order, rows, row_windows, columns, column_windows, grid: as of `spread`.
        values: float64 [n, n_series], overwritten, in the points' own order.
    """
    series, height = values.shape[1], row_windows.shape[1]
    width = column_windows.shape[1]
    length = width * series
    patch = np.empty(length)
    for n in range(len(rows)):
        first, start = rows[n], columns[n] * series
        end = start + length
        patch[:] = 0.0
        for i in range(height % 4):
            scale = row_windows[n, i]
            row = grid[first + i, start:end]
            for j in range(length):
                patch[j] += scale * row[j]
        for i in range(height % 4, height, 4):  # four rows for each time the patch is stored
            a, b = row_windows[n, i], row_windows[n, i + 1]
            c, d = row_windows[n, i + 2], row_windows[n, i + 3]
            row, second = grid[first + i, start:end], grid[first + i + 1, start:end]
            third, fourth = grid[first + i + 2, start:end], grid[first + i + 3, start:end]
            for j in range(length):
                patch[j] += (a * row[j] + b * second[j]) + (c * third[j] + d * fourth[j])
        point = order[n]
        for s in range(series):
            total = 0.0
            place = s
            for j in range(width):
                total += column_windows[n, j] * patch[place]
                place += series
            values[point, s] = total
