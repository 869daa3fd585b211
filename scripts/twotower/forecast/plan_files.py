"""A plan as files: a record and a picture."""

from pathlib import Path

from twotower.base.files import atomic_write
from twotower.forecast import figure, plan_text
from twotower.forecast.plan import Plan
from twotower.report import style


def write(made: Plan, folder: Path) -> str:
    """Write the record as JSON and the picture as PDF, SVG and PNG; what was written, in words."""
    stem = Path(folder) / f"{made.source.key}-{made.source.shown(made.target):.4g}"
    style.save_figure(figure.figure(made), stem)
    with atomic_write(stem.with_name(f"{stem.name}.json")) as path:
        path.write_text(plan_text.record(made), encoding="utf-8")
    return f"{stem}.json, .pdf, .svg and .png"
