"""Loss and gradient of a batch of towers by this project and by two ways to write it in PyTorch.

Each contestant is a function of a problem that returns a step: a function of the number of a part,
which computes losses and gradients of all networks on that part, and returns them on request.
"""

from collections.abc import Callable

import torch

from rivals.problems import Problem
from twotower.towers.objectives import SquaredError

Answer = tuple[torch.Tensor, torch.Tensor]
"""Losses [B], and gradients [B, n_parameters] in the order of `Towers.flat`."""


def prepared(problem: Problem) -> SquaredError:
    """The project's loss on the first part, with what it prepares once."""
    return SquaredError(problem.towers, *problem.parts[0])


def project(problem: Problem) -> Callable[[int], Answer]:
    """This project; of minibatches, which change each step, it makes what `adam` makes."""
    rows = problem.towers.flat()
    if len(problem.parts) > 1:
        return lambda index: SquaredError(problem.towers, *problem.parts[index], sorts=False)(rows)
    error = prepared(problem)
    return lambda index: error(rows)


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
