"""Values of --config: the text that was typed where text is meant, else what a study file means."""

import shlex

import pytest

from twotower.base import commands
from twotower.real import options
from twotower.running import command_line
from twotower.running.command_line import CommandLineError


def given(entries, words=()):
    """What a run with these arguments reads, as the workflow asks for it."""
    return command_line.given(entries, words, options.SOURCES, options.TEXTS)


ODD = [
    "1_000",
    "007",
    "1e3",
    "0x10",
    "1:30",
    "1.10",
    ".5",
    "yes",
    "null",
    "~",
    "True",
    "2024-01-01",
]
ODD += [
    "[a]",
    "{a: b}",
    "a: b",
    "a #b",
    "- a",
    "&a b",
    "it's",
    " a ",
    "9" * 64,
    'my "q" $x\t.yaml',
    "é ü.yaml",
]


@pytest.mark.parametrize("key", ("study", *options.SOURCES, *options.TEXTS))
@pytest.mark.parametrize("typed", ODD)
def test_text_is_what_was_typed(key, typed):
    assert given([f"{key}={typed}"]) == {key: typed}
    assert given([f"{key}='{typed}'"]) == {key: typed}
    assert given([commands.config(key, typed)]) == {key: typed}, "as make hands it on"


def test_other_values_mean_what_they_mean_in_a_study_file():
    typed = ["seed=007", "replicates=1_0", "sample_sizes=[64, 128]", "training={gpu: false}"]
    typed += ["name='a=b'", "lemmas=", "test_pairs=1e3"]
    assert given(typed) == {
        "seed": "007",
        "replicates": 10,
        "sample_sizes": [64, 128],
        "training": {"gpu": False},
        "name": "a=b",
        "lemmas": None,
        "test_pairs": "1e3",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--config", "seed=1", "seed=2"], "--config seed=: it is given twice, as '1' and '2'"),
        (["--config", "seed=1", "-C", "test_pairs=2"], "--config: it is given 2 times"),
        (["--config", "defaults={a: 1, b: 2, a: 3}"], "line 1, column 14: 'a' is given"),
        (["--config=seed=1", "--config", "test_pairs=2"], "put all of them behind one --config"),
        (["--config", "seed={a"], "--config seed='{a': line 1, column 3: expected"),
        (["--config", "seed=!!python/none x"], "leave it out, values need no tag"),
    ],
)
def test_what_cannot_be_used_is_told(words, message):
    entries = [word.removeprefix("--config=") for word in words if word not in ("--config", "-C")]
    with pytest.raises(CommandLineError) as error:
        given(entries, words)
    assert message in str(error.value) and "; allowed: " in str(error.value)


def test_the_name_of_a_file_that_a_profile_changed_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--profile", "mine"]
    for value in ("1000", "7", "90", "True", "None", "1000.0", "2024-01-01"):
        with pytest.raises(CommandLineError, match=f"yelp={value}: .* profile; .* in quotes there"):
            given([f"yelp={value}"], words)
    (tmp_path / "1000").mkdir()
    for entry in ("yelp=1000", "yelp=a/b", "yelp='007'", "yelp=./7"):
        assert given([entry], words)["yelp"]
    assert given(["yelp=7"], [*words, "--config", "yelp=7"]) == {"yelp": "7"}


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
    command_line.check_options(shlex.split(line))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--config seed=1 --cores 1 --config name=a", "2 times, with 'seed=1' and 'name=a'"),
        ("-C seed=1 --config=name=a", "put all of them behind one --config"),
        ("-Cseed=1 -C name=a", "--config: it is given 2 times"),
        ("--configfile a.yaml b.yaml", "--configfile: 2 files, 'a.yaml' and 'b.yaml'"),
        ("--configfile a.yaml --configfiles b.yaml", "--configfile: it is given 2 times"),
    ],
)  # fmt: skip
def test_what_would_be_lost_is_named(line, message):
    with pytest.raises(CommandLineError) as error:
        command_line.check_options(shlex.split(line))
    assert message in str(error.value) and "; allowed: " in str(error.value)
