"""Croissant: every array and column that a study can have is told, and every design in words."""

from types import SimpleNamespace
from typing import get_args

import pytest

from cells import data_spec, draw_replicates
from twotower.audits.croissant import terms
from twotower.audits.croissant import words as croissant_words
from twotower.data import known_pairs, ratings
from twotower.data.targets import draw_target
from twotower.study import grid
from twotower.study.settings import Sampling, Settings

SIZES = [64, 128]


def told(**settings) -> dict:
    """The responsible-AI part for a data set with these settings, and a plain one."""
    facts = SimpleNamespace(
        real=[], seed="Seed 3.", command="make STUDY=s.yaml", story=SimpleNamespace(root="ab"),
        run={"commit": "", "diff": "", "study": {"file": "s.yaml", "given": {}}},
    )  # fmt: skip
    specs = {"odd": grid.PLAIN | data_spec(**settings), "plain": grid.PLAIN | data_spec()}
    return croissant_words.responsible(facts, specs)


@pytest.mark.parametrize("ambient", [(None, None), (4, 3)])
def test_each_array_is_told_with_as_many_axes_as_it_has(ambient):
    plain = data_spec(2, 1, ambient=ambient)
    drawn, training, test = draw_replicates(1, plain, range(2), 64, 32)
    repeated = data_spec(sampling="repeated", ratings_each=8)
    targets = {replicate: draw_target(1, repeated, replicate) for replicate in range(2)}
    files = [("ratings", training), ("test", test), ("targets", ratings.target_tensors(drawn)),
             ("test", known_pairs.draw(1, repeated, targets, SIZES, 32))]  # fmt: skip
    for file, arrays in files:
        for name, array in arrays.items():
            axes, meaning = terms.tensor(file, name)
            assert len(axes.split(", ")) == array.ndim and meaning, (file, name)


def test_names_of_arrays_say_whose_and_at_which_size():
    assert terms.tensor("test", "128/users") == (
        "replicate, kind of pair, pair",
        "user side: rows of the pool to be judged at 128 ratings; kinds: known_known, new_known, "
        "known_new, new_new, user first",
    )
    assert terms.tensor("test", "seen_item_embeddings")[0] == ("replicate, known item, component")
    assert terms.tensor("ratings", "something") == ("", "")


def test_each_column_of_the_index_is_told():
    spec = data_spec() | {"depth": 1, "width": {"schedule": "fixed", "units": 4}}
    cell = grid.Cell(spec, 1, ("one",), (64,), ("adam",))
    for column in ["study", "run", "arm", *cell.columns(), "cell_settings", "arm_settings"]:
        kind, meaning = terms.column(column)
        assert meaning, column
        if column in cell.columns():
            value = cell.columns()[column]
            fitting = {"sc:Text": str, "sc:Integer": int, "sc:Float": (int, float)}[kind]
            assert value is None or isinstance(value, fitting), column


def test_each_design_and_each_control_has_its_words():
    controls = get_args(Settings.model_fields["control"].annotation)
    for design in get_args(Sampling):
        biases = told(sampling=design)["rai:dataBiases"]
        where = "all data sets" if design == "fresh" else "odd"
        assert any(each.startswith(f"In {where} `sampling` is {design}: ") for each in biases)
    for control in controls:
        found = told(control=control)
        words = found.get("rai:dataManipulationProtocol", "")
        assert words.startswith(f"In odd `control` is {control}: ") == (control != "none")
        assert len(found["rai:dataUseCases"]) == 1 + (control != "none")


def test_noise_and_stars_are_told():
    found = told(noise="student", noise_sd=0.5, rating_scale="stars", smoothness="inf")
    assert "standard deviation 0.5, 1.0," in found["rai:dataAnnotationProtocol"]
    assert "In odd `noise` is student: Student's t" in found["rai:dataAnnotationProtocol"]
    assert "rank 2 and smoothness 1.0, inf," in found["rai:dataLimitations"][0]
    assert found["rai:dataPreprocessingProtocol"][1].endswith("clip(round(r + 3), 1, 5) - 3.")
