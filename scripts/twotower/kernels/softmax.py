"""Losses of choices among candidates, and their derivatives by the embeddings of both sides.

A click chooses one of C candidates. With logits l_c = ⟨f, g_c⟩ + o_c its loss is log Σ exp(l_c)
less the logit of the chosen one. Candidates lie along the vectors of the processor. Two clicks are
taken at a time, so that derivatives by the candidates are read and written half as often.

Everything is in float64. Networks are computed one after another, each with the same bits alone
and in any batch.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from twotower.kernels.compiled import compiled
from twotower.kernels.exponential import exponentials

_LANES = 8
_NEVER = -1.0e300
"""The logit of what is no candidate."""


@cache
def among_all(rank: int) -> Callable:
    """The compiled pass over clicks that choose among the same candidates, for embeddings of so
    many components, which are a constant in its machine code.

    Its arguments, of one network: embeddings f [n, rank] of the clicks' users and g [rank, C] of
    the candidates, offsets o [C], places [n] of the chosen ones, and derivatives df [n, rank] and
    dg [rank, C], to which it adds. It returns the sum of the losses.
    """
    choose = _choose(rank, False)

    @compiled
    def passed(f, g, offsets, places, df, dg):
        work = np.empty((2, 2, offsets.size))
        return choose(f, g, offsets, places, places, offsets, df, dg, work)

    return passed


@cache
def in_batches(rank: int, is_apart: bool) -> Callable:
    """As `among_all`, but clicks choose among the items of their batch, each item as often as it
    was clicked there.

    Items are numbers [n] among C, and `starts` [K + 1] are the first clicks of K batches and n. If
    the chosen item stands apart, it is a candidate once, with an offset [n] of its own, and the k
    clicks of other items stand for all other items: log k is added to that offset. A click in a
    batch without other items costs nothing.
    """
    choose = _choose(rank, is_apart)

    @compiled
    def passed(f, g, offsets, items, starts, own, df, dg):
        most = 0
        for batch in range(starts.size - 1):
            most = max(most, starts[batch + 1] - starts[batch])
        candidates, slopes = np.empty((rank, most)), np.empty((rank, most))
        taken, places = np.empty(most), np.arange(most)
        work = np.empty((2, 2, most))
        loss = 0.0
        for batch in range(starts.size - 1):
            first, last = starts[batch], starts[batch + 1]
            size = last - first
            slopes.fill(0.0)
            for c in range(size):
                item = items[first + c]
                taken[c] = offsets[item]
                for q in range(rank):
                    candidates[q, c] = g[q, item]
            loss += choose(
                f[first:last],
                candidates,
                taken[:size],
                places,
                items[first:last],
                own[first:last],
                df[first:last],
                slopes,
                work,
            )
            for c in range(size):
                for q in range(rank):
                    dg[q, items[first + c]] += slopes[q, c]
        return loss

    return passed


@cache
def of_two(rank: int) -> Callable:
    """As `among_all`, but each click chooses between two items, numbers [n, 2] among C; it has
    chosen the first.
    """

    @compiled
    def passed(f, g, offsets, items, df, dg):
        loss = 0.0
        for i in range(len(f)):
            one, two = items[i, 0], items[i, 1]
            right = offsets[one] - offsets[two]
            for q in range(rank):
                right += f[i, q] * (g[q, one] - g[q, two])
            small = np.exp(-abs(right))
            loss += np.log1p(small) - min(right, 0.0)
            slope = -(small if right > 0 else 1.0) / (1.0 + small)
            for q in range(rank):
                df[i, q] += slope * (g[q, one] - g[q, two])
                dg[q, one] += slope * f[i, q]
                dg[q, two] -= slope * f[i, q]
        return loss

    return passed


@cache
def _choose(rank: int, is_apart: bool) -> Callable:
    """What both kinds of passes share, with work arrays [2, 2, C] of one's own."""

    @compiled
    def choose(f, g, offsets, places, items, own, df, dg, work):
        size, loss = offsets.size, 0.0
        logits, shares = work[0], work[1]
        best = np.empty(_LANES)
        for start in range(0, len(f), 2):
            rows = min(2, len(f) - start)
            for row in range(rows):
                i, line, place = start + row, logits[row], places[start + row]
                for c in range(size):
                    value = offsets[c]
                    for q in range(rank):
                        value += f[i, q] * g[q, c]
                    line[c] = value
                others = 1
                if is_apart:
                    others = 0
                    chosen = line[place] - offsets[place]
                    for c in range(size):
                        is_other = items[c] != items[place]
                        others += is_other
                        line[c] = line[c] if is_other else _NEVER
                    line[place] = chosen + own[i] + np.log(max(others, 1))
                top = _largest(line, size, best)
                exponentials(line, top, size, shares[row])
                total = 0.0
                for c in range(size):
                    total += shares[row, c]
                scale = 0.0 if others == 0 else 1.0 / total
                if others:
                    loss += np.log(total) - (line[place] - top)
                shares[row, place] -= total
                for q in range(rank):
                    slope = 0.0
                    for c in range(size):
                        slope += shares[row, c] * g[q, c]
                    df[i, q] += scale * slope
                for c in range(size):
                    line[c] = scale * shares[row, c]
            if rows == 2:
                for c in range(size):
                    for q in range(rank):
                        dg[q, c] += f[start, q] * logits[0, c] + f[start + 1, q] * logits[1, c]
            else:
                for c in range(size):
                    for q in range(rank):
                        dg[q, c] += f[start, q] * logits[0, c]
        return loss

    return choose


@compiled
def _largest(values, count, best):
    """The largest of the first `count` values, by lanes: one running maximum would wait for each
    comparison.
    """
    for lane in range(_LANES):
        best[lane] = values[0]
    for c in range(0, count - _LANES + 1, _LANES):
        for lane in range(_LANES):
            value = values[c + lane]
            best[lane] = value if value > best[lane] else best[lane]
    top = best[0]
    for lane in range(_LANES):
        top = best[lane] if best[lane] > top else top
    for c in range(count - count % _LANES, count):
        top = values[c] if values[c] > top else top
    return top
