"""Reproducibility checklists, filled in from a study: runs, ranges, error bars, times, machines.

Two lists: the Machine Learning Reproducibility Checklist (v2.0, 2020) and the checklist of NeurIPS
papers; questions are shortened. An answer is "yes", "no" or "n.a." with its reason; what no file of
a study can tell, such as what a paper says, is left to its authors and says so.
"""

from collections.abc import Iterator
from typing import NamedTuple

from twotower.audits.crate import checklist_words as words
from twotower.audits.crate.facts import TRAINED, Facts

AUTHORS = "authors"
"""The answer where only people can answer."""
EVALUATED = ("evaluate", "rank", "score_real", "fit_joint", "fit_comparator")
"""Rules that measure how good a fit is."""

_PAPER = "What the paper says is the authors' to answer."
_PEOPLE = "No file of a study can tell."
_PLANNED = (
    "`make plan` counts operations and memory beforehand (scripts/twotower/cost/operations.py)."
)


class Item(NamedTuple):
    """A question with its answer: yes, no, n.a. or authors, and why."""

    question: str
    answer: str
    reason: str


def text(facts: Facts) -> str:
    """Both checklists as Markdown."""
    name = facts.story.name
    parts = [
        f"# Reproducibility checklists: study {name}",
        "Written by `make export` from the study's file, records, timing files and tables. Answers "
        "are **yes**, **no**, **n.a.**, or **authors**, where no file of a study can tell.",
        "## The study in figures",
        _summary(facts),
        "## The Machine Learning Reproducibility Checklist (v2.0)",
    ]
    for title, items in _reproducibility(facts):
        parts += [f"### {title}", _listed(items)]
    parts += ["## NeurIPS paper checklist", _listed(_paper(facts))]
    return "\n\n".join(parts) + "\n"


def _summary(facts: Facts) -> str:
    rows = {
        "made by": f"`{words.command(facts)}`",
        "runs": words.runs(facts),
        "sample sizes": words.sizes(facts),
        "seed": words.seeds(facts),
        "ranges": words.ranges(facts),
        "error bars": words.error_bars(facts),
        "runtime": words.times(facts),
        "hardware": words.machines(facts),
        "software": words.dependencies(facts),
        "code": words.code(facts),
        "data": words.kept(facts, "data"),
        "outcome": words.verdicts(facts),
    }
    lines = []
    for name, told in rows.items():
        if isinstance(told, str):
            lines.append(f"- **{name}**: {told}")
        else:
            lines += [f"- **{name}**:", *(f"  - {line}" for line in told)]
    return "\n".join(lines)


def _reproducibility(facts: Facts) -> Iterator[tuple[str, list[Item]]]:
    arms = "; ".join(f"{arm}: {facts.words[arm].rstrip('.')}" for arm in facts.study.arms)
    yield (
        "Models and algorithms",
        [
            Item("Setting, algorithm and model are described", "yes", f"README.md; {arms}."),
            Item("Assumptions are stated", "yes", _assumptions(facts)),
            Item("Complexity is analysed", "yes", f"{_PLANNED} {_see('runtime')}"),
        ],
    )
    yield (
        "Theoretical claims",
        [
            Item("Claims are stated", *_claims(facts)),
            Item("Proofs are complete", "n.a.", _proofs(facts)),
        ],
    )
    yield (
        "Data",
        [
            Item("Statistics are given", "yes", _statistics(facts)),
            Item("Splits are given", "yes", _splits(facts)),
            Item("Exclusions and preprocessing are explained", *_exclusions(facts)),
            Item("Data or simulator can be had", "yes", _simulator(facts)),
            Item("Collection of new data is described", *_people(facts)),
        ],
    )
    yield (
        "Code",
        [
            Item("Dependencies are specified", "yes", _see("software")),
            Item("Training code", *_scripts(facts, TRAINED)),
            Item("Evaluation code", *_scripts(facts, EVALUATED)),
            Item("Trained models", *_models(facts)),
            Item("README has results and the commands that make them", *_commands(facts)),
        ],
    )
    yield (
        "Results",
        [
            Item("Hyperparameters: ranges, how they were chosen, all values", "yes", _hyper(facts)),
            Item("Exact number of training and evaluation runs", "yes", _see("runs")),
            Item("The measure is defined", "yes", facts.words["risk"]),
            Item("Central tendency and variation", *_significance(facts)),
            Item("Average runtime of each result", *_compute(facts)),
            Item("Computing infrastructure", *_machines(facts)),
        ],
    )


def _paper(facts: Facts) -> list[Item]:
    licence = facts.story.citation.licence
    anew = f"`{words.command(facts)}` makes all of it. {_see('seed')}"
    here = f"{words.code(facts)} {_see('data')} Where it is published, authors must say."
    assets = f"{words.kept(facts, 'weights')}; ro-crate-metadata.json tells what made each file."
    return [
        Item("Claims", AUTHORS, f"{_PAPER} {words.verdicts(facts)}"),
        Item("Limitations", AUTHORS, f"{_PAPER} {_see('outcome')}"),
        Item("Theory assumptions and proofs", "n.a.", _proofs(facts)),
        Item("Experimental result reproducibility", "yes", anew),
        Item("Open access to data and code", "yes", here),
        Item("Experimental setting and details", "yes", _hyper(facts)),
        Item("Experiment statistical significance", *_significance(facts)),
        Item("Experiments compute resources", *_compute(facts)),
        Item("Code of ethics", AUTHORS, _PEOPLE),
        Item("Broader impacts", AUTHORS, _PEOPLE),
        Item("Safeguards", *_people(facts)),
        Item("Licences for existing assets", *_people(facts)),
        Item("New assets", "yes", f"{assets} Licence {licence}."),
        Item("Crowdsourcing and human subjects", *_people(facts)),
        Item("Approval by a review board", *_people(facts)),
        Item("Declaration of the use of language models", AUTHORS, _PEOPLE),
    ]


# ---------------------------------------------------------------- answers that depend on the study


def _assumptions(facts: Facts) -> str:
    rules = facts.rules.confirmatory
    return (
        f"Cells test the theory if arm is {' or '.join(rules.arms)}, intrinsic dimension at most "
        f"{rules.max_intrinsic_dim:g}, smoothness at most {rules.max_smoothness:g}, sampling "
        f"{' or '.join(rules.samplings)}, noise {' or '.join(rules.noises)} of sd "
        f"{rules.noise_sd:g}; all others are exploratory (workflow/decisions.yaml)."
    )


def _claims(facts: Facts) -> tuple[str, str]:
    if not facts.claims:
        return "no", words.verdicts(facts)
    count = f"{len(facts.claims)} statements with predictions, cells and rules"
    return "yes", f"{count}: results/tables/claims.csv."


def _proofs(facts: Facts) -> str:
    works = [f"{work.title} ({work.url or work.identifier})" for work in
             facts.story.citation.references]  # fmt: skip
    told = "; ".join(works) or "see CITATION.cff"
    return f"Nothing is proved here; statements and proofs are in what is tested: {told}."


def _statistics(facts: Facts) -> str:
    certified = "each certified in results/tables/certificates.csv"
    return f"Data sets: {facts.data_sets}, {certified}. {_see('runs', 'sample sizes')}"


def _splits(facts: Facts) -> str:
    told = (
        f"Training ratings and {facts.study.test_pairs:,} test pairs are drawn apart, by the rules "
        "generate_data and generate_test_pairs; smaller samples are the first ratings of larger."
    )
    return f"{told} Of the ratings given: scripts/twotower/real/splits.py." if facts.real else told


def _exclusions(facts: Facts) -> tuple[str, str]:
    if facts.real:
        return "yes", "Ratings that were given are read by the rule load_real, which says what."
    return "n.a.", "All data are drawn; nothing is excluded."


def _simulator(facts: Facts) -> str:
    return f"The simulator is the rule generate_data. {words.kept(facts, 'data')}."


def _people(facts: Facts) -> tuple[str, str]:
    if facts.real:
        return AUTHORS, f"Ratings of others were given to the run: {', '.join(facts.real)}."
    return "n.a.", "All data are simulated; of others there are packages alone."


def _scripts(facts: Facts, wanted: tuple[str, ...]) -> tuple[str, str]:
    rules = sorted({job.rule for job in facts.story.jobs if job.rule in wanted})
    written = [facts.story.rules[rule].script for rule in rules if rule in facts.story.rules]
    return ("yes", f"{', '.join(written)}.") if written else ("no", "No such job ran.")


def _models(facts: Facts) -> tuple[str, str]:
    count, _, held = facts.held("weights")
    return "yes" if count and held else "no", f"{words.kept(facts, 'weights')}."


def _commands(facts: Facts) -> tuple[str, str]:
    rows = sum(bool(row.get("command")) for row in facts.claims)
    if not rows:
        return "no", words.verdicts(facts)
    return "yes", f"{rows} rows of results/tables/claims.csv name the command of their result."


def _hyper(facts: Facts) -> str:
    return f"{words.choice(facts)} {_see('ranges')}"


def _significance(facts: Facts) -> tuple[str, str]:
    if facts.study.replicates < 2:
        return "no", "One replicate: there is nothing to compute an interval from."
    level = facts.rules.thresholds.confidence
    over = f"{level:.0%} intervals over {facts.study.replicates} replicates"
    return "yes", f"Means with {over}. {_see('error bars')}"


def _compute(facts: Facts) -> tuple[str, str]:
    if not words.timed(facts):
        return "no", "No job was timed."
    return "yes", f"Together: {words.times(facts)[-1]}. {_see('runtime', 'hardware')}"


def _machines(facts: Facts) -> tuple[str, str]:
    return ("yes" if facts.story.environments else "no"), _see("hardware")


def _see(*names: str) -> str:
    return f"See *{'* and *'.join(names)}* above."


def _listed(items: list[Item]) -> str:
    return "\n".join(f"- {item.question}: **{item.answer}**. {item.reason}" for item in items)
