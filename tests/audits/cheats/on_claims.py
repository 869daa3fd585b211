"""Cheats on what was run: study, commit, record of the run and a signed seal claim another study.

Nothing names a statement, Snakemake's notes are not there, the commit holds the study as claimed.
"""

from collections.abc import Callable

from authoring import claimed, consistent, every_record, rerun, signed, unstated
from cheats.registry import cheat
from forging import Forgery
from twotower.records.job_records import recorded

SHOWN = ("results/figures/", "results/tables/")


def claims(words: str, said: str, change: Callable[[dict], dict]) -> None:
    """Enter a cheat that claims a changed study; `words` are its name and what it does."""

    def act(study: Forgery) -> str:
        return claimed(study, change)

    name, _, act.__doc__ = words.partition(": ")
    act.__name__ = name.replace(" ", "_")
    cheat(clone=said)(act)


def within(key: str, **changes: object) -> Callable[[dict], dict]:
    """A change within a part of the study, as its file has it."""
    return lambda raw: raw | {key: raw.get(key, {}) | changes}


claims(
    "500 replicates: 3 replicates were run, 500 are claimed wherever the study stands.",
    "it holds 3 replicates, the study asks for 500",
    lambda raw: raw | {"replicates": 500},
)  # fmt: skip
claims(
    "another seed claimed: Seed 1 was run, seed 7 is claimed wherever the study stands.",
    "it holds 4 runs, the study asks for 4 others",
    lambda raw: raw | {"seed": 7},
)  # fmt: skip
claims(
    "one size more: The claimed study has a larger sample size that nothing was trained on.",
    "it holds 5 sizes, the study asks for 6",
    lambda raw: raw | {"sample_sizes": [*raw["sample_sizes"], 2048]},
)  # fmt: skip
claims(
    "one size fewer: The claimed study never had the smallest size, at which results look bad.",
    "it holds 5 sizes, the study asks for 4",
    lambda raw: raw | {"sample_sizes": raw["sample_sizes"][1:]},
)  # fmt: skip
claims(
    "one arm more: The claimed study has an arm of which no job exists.",
    "it holds 4 runs, the study asks for 6",
    within("arms", joint={}),
)  # fmt: skip
claims(
    "one arm fewer: The claimed study never had the arm adam; its results are left lying.",
    "no study that was run here asks for it",
    lambda raw: raw | {"arms": {"erm": raw["arms"]["erm"]}},
)  # fmt: skip
claims(
    "longer training: adam ran 50 steps, the claimed study has 5000.",
    "it holds 4 runs, the study asks for 4 others",
    within("arms", adam={"steps": 5000, "batch_size": 64, "learning_rate": 1e-2}),
)  # fmt: skip
claims(
    "one cell more: The claimed study varies smoothness over a value that was never run.",
    "and 22 more: the study makes this file, but no job recorded it",
    within("experiments", smoothness={
        "title": "Smoothness helps", "vary": {"smoothness": [1.0, 2.0, 3.0]}}),
)  # fmt: skip
claims(
    "one cell fewer: The claimed study never had the smoother cell; its results are left lying.",
    "and 22 more: no study that was run here asks for it",
    within("experiments", smoothness={
        "title": "Smoothness helps", "vary": {"smoothness": [1.0]}}),
)  # fmt: skip
claims(
    "one experiment more: The claimed study has a second experiment of which nothing exists.",
    "and 28 more: the study makes this file, but no job recorded it",
    within("experiments", noise={
        "title": "Noise hurts", "vary": {"noise_sd": [0.5, 1.0]}}),
)  # fmt: skip
claims(
    "more test pairs: Risks were measured on 4096 pairs, the claimed study has 65536.",
    "signal is 3 by 4,096, the study asks for 3 by 65,536",
    lambda raw: raw | {"test_pairs": 65536},
)  # fmt: skip
claims(
    "more certificates: Optimization errors are of 2 replicates, in the claimed study of 3.",
    "job train had other settings than the study that was run",
    lambda raw: raw | {"certificate_replicates": 3},
)  # fmt: skip
claims(
    "other blocks: Replicates ran as 2 and 1 together, the claimed study has one a job.",
    "it holds 2 replicates, the study asks for 1 in this block",
    lambda raw: raw | {"replicates_per_job": 1},
)  # fmt: skip
claims(
    "another precision: Towers were trained in double precision, the claimed study says single.",
    "it holds 4 runs, the study asks for 4 others",
    within("training", precision="float32"),
)  # fmt: skip
claims(
    "another name: Results of the tiny study are sold as those of the study named paper.",
    "results/index.csv: study of run",
    lambda raw: raw | {"name": "paper"},
)  # fmt: skip


@cheat(clone="job train had other settings than the study that was run")
def claim_with_an_index_that_fits(study: Forgery) -> str:
    """500 replicates are claimed, and every job's digest of settings is that of no settings."""
    claimed(study, lambda raw: raw | {"replicates": 500})
    every_record(study, lambda record: record | {"settings": "5" * 64})
    signed(study, study.sealed())
    return ""


@cheat(clone="results/index.csv: arm_settings of run")
def edited_index(study: Forgery) -> str:
    """The index says that adam took 5000 steps; its record and all that read it fit, signed."""
    unstated(study)
    text = study.read("results/index.csv").replace(b'""steps"": 50}', b'""steps"": 5000}')
    consistent(study, "results/index.csv", text)
    rerun(study, dict)
    return "results/index.csv"


@cheat(told="with --config replicates=3 over it")
def values_of_the_command_line(study: Forgery) -> str:
    """The run had --config replicates=3, which nothing shows."""
    unstated(study)
    rerun(study, lambda run: run | {"study": run["study"] | {"given": {"replicates": 3}}})
    return ""


@cheat(told="asked for results/tables/claims.md alone: 68 of the study's 93 files")
def one_target_alone(study: Forgery) -> str:
    """The run was asked for one table; figures and tables beside are gone."""
    unstated(study)
    jobs = {output: study.record(output) for output in map(str, recorded(study.folder))}
    kept = {"results/tables/claims.md"}.union(*(job["inputs"] for job in jobs.values()))
    for output, job in jobs.items():
        if output.startswith(SHOWN) and not kept & {*job["outputs"]}:
            (study.folder / study.record_path(output)).unlink()
            (study.folder / output).unlink()
    rerun(study, lambda run: run | {"targets": ["results/tables/claims.md"]})
    return ""


@cheat(clone="and 24 more: the study makes this file, but no job recorded it")
def partial_run_as_whole(study: Forgery) -> str:
    """The same, and the record says that all was asked for."""
    one_target_alone(study)
    rerun(study, lambda run: run | {"targets": []})
    return ""
