"""Values that Snakemake would lose without a word."""

import shlex

import pytest

from twotower import command_words


@pytest.mark.parametrize(
    "line",
    [
        "",
        "all --cores 2 --config seed=1 movielens=a=b",
        "--configfile a.yaml --config seed=1 -n",
        "-C seed=1 --configfiles a.yaml",
        "--config=seed=1 seed=1 movielens seed=1",  # targets, all but the first
        "--set-threads a=1 a=1",
    ],
)
def test_what_is_given_once_passes(line):
    command_words.check(shlex.split(line))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x --config movielens=a movielens=b", "movielens=: it is given twice, as 'a' and 'b'"),
        ("--config seed=1 replicates=2 seed=1 -n", "--config seed=: it is given twice"),
        ("--config seed=1 --cores 1 --config name=a", "2 times, with 'seed=1' and 'name=a'"),
        ("--config 'defaults={a: 1, b: 2, a: 3}'", "defaults=, line 1, column 14: 'a' is given"),
        ("-C seed=1 --config=name=a", "put all of them behind one --config"),
        ("-Cseed=1 -C name=a", "--config: it is given 2 times"),
        ("--configfile a.yaml b.yaml", "--configfile: 2 files, 'a.yaml' and 'b.yaml'"),
        ("--configfile a.yaml --configfiles b.yaml", "--configfile: it is given 2 times"),
    ],
)  # fmt: skip
def test_what_would_be_lost_is_named(line, message):
    with pytest.raises(command_words.CommandError) as error:
        command_words.check(shlex.split(line))
    assert message in str(error.value) and "; allowed: " in str(error.value)
