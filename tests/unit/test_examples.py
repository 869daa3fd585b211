"""Examples in the docstrings of the numerical core run and give what they say."""

import doctest

import numpy as np
import pytest
import torch

from cells import data_spec, sample
from twotower.data import certificate, known_pairs, ratings, sampling, supports, targets
from twotower.methods import reference
from twotower.towers import lbfgs, networks, pairwise, training
from twotower.towers.clicks import losses
from twotower.towers.closed_form import hidden_layers, outputs

MODULES = [
    certificate, known_pairs, ratings, sampling, supports, targets, reference,
    hidden_layers, lbfgs, losses, networks, outputs, pairwise, training,
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_are_true(module):
    names = {"np": np, "torch": torch, "spec": data_spec(), "draw_target": targets.draw_target}
    names |= {"sample": sample([0], 64), "rng": np.random.default_rng(0)}
    names["random_hidden_layers"] = hidden_layers.random_hidden_layers
    failed, tried = doctest.testmod(module, extraglobs=names)
    assert tried and not failed
