"""The words of a Croissant description: its context, and what columns and tensors hold.

Sources: the Croissant Format Specification 1.1 (appendix 1: the JSON-LD context) and the Croissant
RAI Specification 1.0, both of MLCommons. The context has two additions, for mlcroissant 1.1.1: the
https form of schema.org, the one it knows, and the last four terms, which it warns about if they
are missing.
"""

import re

from twotower.study.settings import Settings

FORM = "1.0.0"
"""Version of this description's own form (`sdVersion`)."""

_TERMS = """annotation arrayShape citeAs column containedIn equivalentProperty excludes extract
field fileObject fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5
parentField readLines recordSet references regex sdVersion separator source subField transform
unArchive value path repeated replace samplingRate"""

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {term: f"cr:{term}" for term in _TERMS.split()}

SAFETENSORS = "https://github.com/huggingface/safetensors"
"""Stands for the format, which has no registered media type."""
LOADED = (
    "To load a file of tensors in Python: from safetensors.numpy import load_file; "
    'arrays = load_file("results/data/.../ratings.safetensors"). Each name gives one NumPy array.'
)

FILES = {
    "targets": "The true recommenders of all replicates, as Fourier coefficients and supports.",
    "ratings": "Training ratings with the noise-free truth beside them.",
    "certificate": "Measurements on this data set: is it what its settings say?",
    "test": "Users and items on which errors are measured, with the truth and without noise.",
    "index": "What the short ids in file names stand for, one row a run of the study.",
}
"""What a file holds, by its name."""

CERTIFICATE = {
    "replicate": ("sc:Integer", "Number of the replicate, from 0."),
    "tower": ("sc:Text", "Side: user or item."),
    "check": ("sc:Text", "cut_tail: variance of R* above the last frequency; smoothness: decay of "
              "the spectrum; end: largest |k| of a worst case; "
              "intrinsic_dim: by two nearest neighbours."),
    "expected": ("sc:Float", "What the settings say."),
    "measured": ("sc:Float", "What was measured on the data."),
    "tolerance": ("sc:Float", "Largest distance of measured from expected that passes; of "
                  "cut_tail the largest value."),
    "passed": ("sc:Boolean", "Whether the check passed."),
}  # fmt: skip
"""Columns of a certificate: type and meaning."""

_INDEX = {
    "study": ("sc:Text", "Name of the study."),
    "run": ("sc:Text", "Id of the run: a cell under an arm. Names files in results/."),
    "arm": ("sc:Text", "The estimator, or the variant of it."),
    "experiment": ("sc:Text", "Names of the experiments that ask for the cell, joined by ;"),
    "cell": ("sc:Text", "Id of the cell: one setting of data and towers."),
    "data": ("sc:Text", "Id of the data set: its folder in results/data/."),
    "smoothness": ("sc:Float", ""),
    "user_smoothness": ("sc:Float", ""),
    "item_smoothness": ("sc:Float", ""),
    "worst_case_at": ("sc:Integer", ""),
    "user_intrinsic_dim": ("sc:Float", ""),
    "item_intrinsic_dim": ("sc:Float", ""),
    "ambient_dim": ("sc:Integer", "Covariates D of the side that has more."),
    "off_manifold_noise": ("sc:Float", ""),
    "rank": ("sc:Integer", ""),
    "embedding_dim": ("sc:Integer", ""),
    "noise_sd": ("sc:Float", ""),
    "catalogue": ("sc:Integer", ""),
    "ratings_each": ("sc:Integer", ""),
    "depth": ("sc:Integer", ""),
    "schedule": ("sc:Text", "How the width of the towers grows with the number of ratings."),
    "width_constant": ("sc:Float", "Factor of the schedule; units of a fixed width."),
    "cell_settings": ("sc:Text", "All settings of the cell, as JSON."),
    "arm_settings": ("sc:Text", "All settings of the arm, as JSON."),
}

_AXES = {
    "signal": ("row", "noise-free rating R*, in units of its own standard deviation"),
    "ratings": ("row", "observed rating: R* plus noise, in the same unit"),
    "coordinates": ("row, coordinate", "intrinsic coordinates in [0, 1]"),
    "covariates": ("row, covariate", "covariates, which methods may see"),
    "embeddings": ("row, component", "true embeddings; their inner product is R*"),
    "past": ("row", "number of training ratings of each row of the pool, at {n} ratings"),
    "pairs": ("kind of pair, pair", "rows of the pool to be judged at {n} ratings; kinds: "
              "known_known, new_known, known_new, new_new, user first"),
    "support/rotation": ("covariate, covariate", "rotation of the support"),
    "support/waves": ("bent dimension, coordinate", "wave vectors that bend the support"),
    "support/phases": ("bent dimension", "phases that bend the support, in radians"),
    "coefficients": ("component, frequency, part", "Fourier coefficients; parts: real, imaginary"),
}  # fmt: skip
_TENSOR = re.compile(
    r"(?:(?P<n>\d+)/)?(?P<rows>seen_|pool_)?"
    r"(?:(?P<side>user|item)s?(?:[_/]|$))?(?P<what>[\w/]*)"
)


def column(name: str) -> tuple[str, str]:
    """Type and meaning of a column of the index of runs."""
    kind, meaning = _INDEX.get(name, ("sc:Text", ""))
    known = Settings.model_fields.get(name)
    return kind, meaning or (known.description or "" if known else "")


def tensor(file: str, name: str) -> tuple[str, str]:
    """Axes and meaning of a tensor.

    Args:
        file: `ratings`, `test` or `targets`.
        name: the tensor's name in it.

    Returns:
        Names of its axes, joined by ", ", and what it holds; both empty if the name is not known.
    """
    found = _TENSOR.fullmatch(name)
    if found is None:
        return "", ""
    if name.endswith("/frequencies"):
        return "frequency, coordinate", f"{found['side']} side: whole numbers, half of the spectrum"
    what = found["what"] or ("pairs" if found["n"] else "")
    axes, meaning = _AXES.get(what, ("", ""))
    if not axes:
        return "", ""
    rows = {"seen_": f"known {found['side']}", "pool_": f"{found['side']} of the pool"}
    row = rows.get(found["rows"] or "", "rating" if file == "ratings" else "pair")
    if what == "past":
        row = f"{found['side']} of the pool"
    side = f"{found['side']} side: " if found["side"] else ""
    axes = axes.replace("row", row)
    return f"replicate, {axes}", side + meaning.format(n=found["n"])
