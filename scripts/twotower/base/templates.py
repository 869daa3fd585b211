"""Texts for readers from Jinja2 templates, which stand beside the modules that fill them in."""

from pathlib import Path

import jinja2


def rendered(template: Path, **given: object) -> str:
    """The text of a template, a file `name.ending.j2`, with values filled in.

    In HTML each value stands as text: what would be a tag, an entity or the end of an attribute is
    escaped. A value that the template asks for and is not given is an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(given)
