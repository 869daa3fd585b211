"""Where the optimization error of a cell is measured."""

from studies import with_keys
from twotower.study.reading import validated
from twotower.towers.steps import certified_of

SETTINGS = {"joint_steps": 30}


def test_every_cell_is_measured_at_its_largest_size_and_at_those_named_that_it_has():
    study = validated(with_keys(sample_sizes=[32, 64, 128], certificate_sizes=[32, 128]), "s")
    assert study.certified((32, 64, 128), SETTINGS) == [32, 128]
    assert study.certified((32, 64), SETTINGS) == [32, 64]
    assert study.certified((16, 48), SETTINGS) == [48]
    assert study.certified((32, 64), {"joint_steps": 0}) == []
    none = validated(with_keys(certificate_replicates=0), "s")
    assert none.certified((64, 128), SETTINGS) == []


def test_blocks_measure_the_first_replicates_only():
    assert [certified_of(range(first, first + 3), 4) for first in (0, 3, 6)] == [
        range(3),
        range(3, 4),
        range(6, 6),
    ]
