"""The sentences of a Croissant description on generated data: the responsible-AI part.

Source of the properties: the Croissant RAI Specification 1.0. Every sentence follows from the
settings of the data sets; a property with nothing to say is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from twotower.audits.crate.facts import Facts
from twotower.audits.croissant import terms
from twotower.base.words import count

Specs = Mapping[str, dict[str, Any]]
"""Full settings of the data sets, by their ids."""

_BETAS = ("smoothness", "user_smoothness", "item_smoothness")
_DESIGNS = {
    "fresh": "every user and every item has exactly one rating.",
    "grid": "all pairs of a square of users and items are rated; real ratings are sparse.",
    "fixed_users": "the users come from a catalogue, all equally often; every item has one rating.",
    "popularity": "the j-th item is rated with probability proportional to 1/j, so a few items "
    "have most of the ratings; every user has one rating.",
    "repeated": "users and items are rated again, all known ones equally often.",
    "clicks": "there are no ratings: a user clicks on one item of a catalogue, with probability "
    "proportional to the item's popularity times exp(R*/temperature); popular items have most of "
    "the clicks, and the column of ratings is 1.",
    "not_at_random": "high ratings are seen more often than low ones: a rating r of a pair is kept "
    "with probability 1/(1 + exp(-r)), and the others are not in the files.",
}
_LAWS = {
    "normal": "normally distributed.",
    "student": "Student's t with 3 degrees of freedom, scaled to that standard deviation.",
}
_CONTROLS = {
    "permuted_ratings": "signal and ratings are in another order than the pairs that they belong "
    "to: nothing can be learned there, by design.",
    "shuffled_covariates": "the covariates of each side are in an order of their own: nothing can "
    "be learned there, by design.",
}


def description(facts: Facts, specs: Specs, largest: int, left_out: int) -> str:
    """What the data sets are, in a few sentences.

    Args:
        largest: most ratings of a replicate.
        left_out: how many of their files are not held.
    """
    gone = f"{left_out} of the files are left out here. {again(facts)}" if left_out else ""
    told = (
        f"{count(len(specs), 'synthetic data set')} of ratings with known truth, generated "
        f"for the study {facts.story.name}. Each has {facts.counted.each} "
        f"replicates of up to {largest:,} ratings of pairs of a user and an item, with covariates "
        "of both, the noise-free rating beside each, fresh pairs to test on, the true recommender "
        f"itself, and a certificate. {terms.LOADED}"
    )
    return " ".join(part for part in (told, gone, _others(facts)) if part)


def again(facts: Facts) -> str:
    """What makes the files anew."""
    commit = facts.run["commit"]
    where = f" in a clone at commit {commit[:12]}" if commit else ""
    changes = ", with the changes that results/records/runs/ holds," if facts.run["diff"] else ""
    return (
        f"`{facts.command}`{where}{changes} makes the files again, with the same SHA-256 "
        "where the machine computes as the recorded one did."
    )


def responsible(facts: Facts, specs: Specs) -> dict[str, Any]:
    """The properties of the RAI vocabulary that apply, by name with its prefix."""
    study_file = facts.run["study"]["file"]
    found = {
        "dataCollection": (
            "Nothing was collected: a program drew all data. scripts/data/generate_data.py draws "
            "for each replicate the two functions of a true recommender, whose inner product is "
            "the rating R*, as random Fourier series of the smoothness that the settings name; "
            "then users and items with covariates, R* of each pair (signal), and noise (ratings). "
            f"scripts/data/generate_test_pairs.py draws the pairs to test on. {facts.seed}"
        ),
        "dataCollectionType": ["Others", "Synthetic: drawn by a program from random numbers"],
        "dataCollectionRawData": (
            f"None. The data follow from the code, the study's file ({study_file}) and its seed."
        ),
        "dataCollectionMissingData": "No value is missing in any data set.",
        "dataImputationProtocol": "None: no value is missing, so none was filled in.",
        "dataPreprocessingProtocol": [*_preprocessing(specs)],
        "dataManipulationProtocol": " ".join(_by_value(specs, "control", _CONTROLS)),
        "dataAnnotationProtocol": (
            "No person and no model gave a rating. A rating is R* plus noise of standard deviation "
            f"{_values(specs, 'noise_sd')}, in units of that of R*. "
            + " ".join(_by_value(specs, "noise", _LAWS))
        ),
        "personalSensitiveInformation": (
            "None. Users and items are random points; no person stands behind any of them. "
            f"{_others(facts)}"
        ).strip(),
        "dataBiases": [*_by_value(specs, "sampling", _DESIGNS)],
        "dataLimitations": [*_limitations(specs)],
        "dataUseCases": [*_uses(specs)],
        "dataSocialImpact": (
            "The data say nothing about people, and nobody can be recognized in them. A method "
            "that does well on them has not been shown to be accurate or fair for people."
        ),
        "dataReleaseMaintenancePlan": (
            "A sealed study is not updated. The root of its seal stands for these files: "
            f"{facts.story.root}. Another seed, setting or version of the code makes other data "
            f"sets, with other ids or hashes. {again(facts)}"
        ),
    }
    return {f"rai:{name}": told for name, told in found.items() if told}


def _others(facts: Facts) -> str:
    """What is not part of the data sets: ratings of people that the study also read."""
    if not facts.real:
        return ""
    return (
        f"The study also read ratings of people ({', '.join(facts.real)}). They are not part of "
        "this description, and their licence is their own."
    )


def _preprocessing(specs: Specs) -> Iterator[str]:
    yield "Targets are scaled: the mean of R* squared is 1."
    yield from _by_value(
        specs, "rating_scale",
        {"stars": "ratings are rounded to 1 to 5 stars, and 3 is taken off: clip(round(r + 3), 1, "
                  "5) - 3."},
    )  # fmt: skip


def _limitations(specs: Specs) -> Iterator[str]:
    yield (
        "The ratings follow a model by design: an inner product of functions of the covariates, of "
        f"rank {_values(specs, 'rank')} and smoothness {_values(specs, *_BETAS)}, plus "
        "independent noise. They hold no text, no time, and no reaction to a recommendation."
    )
    if any(spec["worst_case_at"] for spec in specs.values()):
        yield "Targets with worst_case_at are hard at that number of ratings, and easy beyond it."
    yield (
        "A Fourier series ends at a finite frequency. The certificate tells the variance above it "
        "(cut_tail). Smaller errors cannot be measured with these data."
    )
    yield "Not for training a recommender that serves people."


def _uses(specs: Specs) -> Iterator[str]:
    yield (
        "Measuring how the error of an estimator falls with the number of ratings, where the truth "
        "is known. Training: ratings.safetensors. Testing: test.safetensors, against signal."
    )
    if any(spec["control"] != "none" for spec in specs.values()):
        yield "Checking that a method finds nothing where there is nothing to be found (control)."


def _by_value(specs: Specs, key: str, told: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each value of a setting that is in use and in `told`, with its data sets."""
    for value, sentence in told.items():
        names = sorted(name for name, spec in specs.items() if spec[key] == value)
        if names:
            where = "all data sets" if len(names) == len(specs) else ", ".join(names)
            yield f"In {where} `{key}` is {value}: {sentence}"


def _values(specs: Specs, *keys: str) -> str:
    """The values of settings that are numbers, each once, sorted; None where one is not given."""
    found = {spec[key] for spec in specs.values() for key in keys} - {None}
    return ", ".join(map(str, sorted(found, key=float)))
