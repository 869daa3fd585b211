"""Words for readers: counts, long lists cut short, and pages filled in from templates."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def count(number: int, noun: str) -> str:
    """A number of things: the noun stands in the plural unless the number is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and a line that says how many more there are."""
    more = len(lines) - most
    return [*lines[:most], *([f"  and {more:,} more"] if more > 0 else [])]


def named(names: Sequence[str], most: int) -> str:
    """The first names, joined by commas, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shares(counts: Mapping[str, tuple[int, int]]) -> str:
    """How many files of each kind, and of how many: `data 12 of 12 files, other 1 of 9`."""
    parts = [f"{kind} {some:,} of {every:,}" for kind, (some, every) in counts.items()]
    return ", ".join([f"{parts[0]} files", *parts[1:]]) if parts else "nothing"


def rendered(template: Path, **given: object) -> str:
    """The text of a Jinja2 template, a file `name.ending.j2`, with values filled in.

    In HTML each value stands as text: what would be a tag, an entity or the end of an attribute is
    escaped. A value that the template asks for and is not given is an error.
    """
    import jinja2  # here: most processes count and shorten only

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(given)
