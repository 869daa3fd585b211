"""The order of jobs by what their records say they read."""

import random

from twotower.records import job_graph


def test_names_stand_behind_what_comes_before_them_the_smallest_first():
    before = {"e": ["b"], "a": ["e"], "b": [], "d": ["elsewhere"], "c": ["b", "d"]}
    order = ["b", "d", "c", "e", "a"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(sorted(before), len(before))
        assert job_graph.in_order({name: before[name] for name in shuffled}) == order
    assert job_graph.heights(before) == {"b": 1, "d": 1, "c": 2, "e": 2, "a": 3}


def test_a_circle_comes_last_and_a_long_chain_is_walked():
    circle = {"a": ["c"], "b": [], "c": ["a"], "d": ["a"], "own": ["own"]}
    assert job_graph.in_order(circle) == ["b", "own", "a", "c", "d"]
    assert job_graph.heights(circle).keys() == circle.keys()
    chain = {f"{n:05}": [f"{n - 1:05}"] for n in range(5000)}
    assert job_graph.in_order(chain) == sorted(chain)
    assert job_graph.heights(chain)["04999"] == 5000


def test_records_of_one_job_stand_together():
    one, other = ({"outputs": each, "inputs": {}} for each in (["b", "d"], ["a"]))
    found = job_graph.of({"d": one, "a": other, "b": one, "c": None})
    assert found.maker == {"a": "a", "b": "b", "d": "b"}
    found = job_graph.of({"d": one})  # the record of the other output is lost
    assert found.maker == {"b": "d", "d": "d"}
