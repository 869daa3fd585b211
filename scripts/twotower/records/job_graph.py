"""Jobs by the records of their outputs: what one job made, and which jobs come before others."""

import heapq
from collections.abc import Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter


def by_job(records: Mapping[str, dict]) -> list[dict[str, dict]]:
    """Records by output, those of one job together; jobs in the order of their first outputs.

    Args:
        records: by path of the output; one job is all records that list the same outputs.
    """
    found: dict[tuple[str, ...], dict[str, dict]] = {}
    for path in sorted(records):
        found.setdefault(tuple(records[path]["outputs"]), {})[path] = records[path]
    return list(found.values())


def in_order(before: Mapping[str, Iterable[str]]) -> list[str]:
    """Names, each behind all that come before it; of those that could come in any order the
    smallest first. Names in a circle, which records made by hand may have, come last.

    Args:
        before: by name, the names that come before it; of a name without an entry nothing is said.
    """
    sorter = TopologicalSorter(
        {name: [one for one in earlier if one in before and one != name]
         for name, earlier in before.items()}
    )  # fmt: skip
    with suppress(CycleError):  # what lies outside the circle is sorted all the same
        sorter.prepare()
    found: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, name)
        if not ready:
            break
        found.append(heapq.heappop(ready))
        sorter.done(found[-1])
    return [*found, *sorted(before.keys() - set(found))]


def heights(before: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The height of each name: 1 where nothing comes before it, else 1 more than the highest that
    does; `before` as for `in_order`.
    """
    found: dict[str, int] = {}
    for name in in_order(before):
        found[name] = 1 + max((found.get(one, 0) for one in before[name]), default=0)
    return found
