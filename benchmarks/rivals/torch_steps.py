"""Loss and gradient of a batch of towers by this project and by two ways to write it in PyTorch.

Each contestant is a function of a problem that returns a step: a function of the number of a part,
which computes losses and gradients of all networks on that part, and returns them on request.
"""

from collections.abc import Callable

import torch

from rivals.problems import Problem
from twotower.towers import networks

try:
    from twotower.towers import objectives
except ImportError:  # a commit that prepares no pairs
    objectives = None

Answer = tuple[torch.Tensor, torch.Tensor]
"""Losses [B], and gradients [B, n_parameters] in the order of `Towers.flat`."""


def objective(users: torch.Tensor, items: torch.Tensor, ratings: torch.Tensor) -> Callable:
    """The project's loss and gradient as a function of towers, with what it prepares once."""
    if objectives is None:
        return lambda towers: networks.loss_and_gradient(towers, users, items, ratings)
    return objectives.squared_error(users, items, ratings)


def project(problem: Problem) -> Callable[[int], Answer]:
    """This project: what it prepares counts where the pairs change each step."""
    if len(problem.parts) > 1:
        return lambda index: objective(*problem.parts[index])(problem.towers)
    prepared = objective(*problem.parts[0])
    return lambda index: prepared(problem.towers)


def plain_loop(problem: Problem) -> Callable[[int], Answer]:
    """What most people write: a module for each network, autograd, one network after another."""
    batch = len(problem.parts[0][2])
    modules = [
        torch.nn.ModuleList(
            _module(tower, row) for tower in (problem.towers.user, problem.towers.item)
        )
        for row in range(batch)
    ]

    def step(index: int) -> Answer:
        losses = []
        for row, network in enumerate(modules):
            users, items, ratings = (column[row] for column in problem.parts[index])
            network.zero_grad()
            scores = (network[0](users) * network[1](items)).sum(1)
            loss = (scores - ratings).square().mean()
            loss.backward()
            losses.append(loss)
        return losses, modules

    return step


def plain_answer(answer: tuple) -> Answer:
    """Losses and gradients of the plain loop, as the others give them."""
    losses, modules = answer
    rows = [torch.cat([p.grad.t().flatten() for p in each.parameters()]) for each in modules]
    return torch.stack(losses).detach(), torch.stack(rows)


def vmap(problem: Problem) -> Callable[[int], Answer]:
    """One network's loss, differentiated and mapped over the batch by torch.func."""
    layers = [
        t for tower in (problem.towers.user, problem.towers.item) for layer in tower for t in layer
    ]

    def loss(layers, users, items, ratings):
        user = torch.relu(users @ layers[0] + layers[1]) @ layers[2] + layers[3]
        item = torch.relu(items @ layers[4] + layers[5]) @ layers[6] + layers[7]
        return ((user * item).sum(1) - ratings).square().mean()

    mapped = torch.func.vmap(torch.func.grad_and_value(loss))
    return lambda index: mapped(tuple(layers), *problem.parts[index])


def vmap_answer(answer: tuple) -> Answer:
    """Losses and gradients of `vmap`, as the others give them."""
    gradients, losses = answer
    return losses, torch.cat([each.flatten(1) for each in gradients], dim=1)


def _module(tower: list, row: int) -> torch.nn.Sequential:
    linear = []
    for weight, bias in tower:
        layer = torch.nn.Linear(*weight.shape[1:], dtype=weight.dtype)
        layer.weight = torch.nn.Parameter(weight[row].T.clone())
        layer.bias = torch.nn.Parameter(bias[row, 0].clone())
        linear.append(layer)
    return torch.nn.Sequential(linear[0], torch.nn.ReLU(), linear[1])
