"""The losses of clicks by tensors: what cards compute, and what the compiled loops must agree with.

Every sum has an order of its own: derivatives by items are products with 0s and 1s, never scattered
additions, which a card would take in any order.
"""

import torch

_ENTRIES = 1 << 24  # logits of a batch of replicates that are held at a time


def loss(of, users: torch.Tensor, items: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """`losses.ClickLoss.__call__` of the loss `of`, on any device."""
    batch, n, _ = users.shape
    losses = users.new_zeros(batch)
    by_user, by_item = torch.zeros_like(users), torch.zeros_like(items)
    for part in _parts(of, batch, n, items.shape[1]):
        found = _KINDS[of.kind](of, part, users[:, part], items)
        losses += found[0]
        by_user[:, part] = found[1]
        by_item += found[2]
    return losses / n, by_user / n, by_item / n


def _parts(of, batch: int, n: int, size: int):
    """Slices of the clicks: batches of them, or as many as may be held."""
    if of.kind in ("batch", "apart"):
        starts = of.starts
    else:
        starts = [*range(0, n, max(1, _ENTRIES // (batch * size))), n]
    return [slice(*ends) for ends in zip(starts[:-1], starts[1:], strict=True)]


def _is_item(numbers: torch.Tensor, count: int) -> torch.Tensor:
    """[B, rows, N], 1 where a click is of the item."""
    every = torch.arange(count, device=numbers.device)
    return (numbers[:, :, None] == every).double()


def _softmax(logits: torch.Tensor, chosen: torch.Tensor):
    """Losses [B, rows] and their derivatives by logits [B, rows, C]; `chosen` is 1 at one place."""
    total = logits.logsumexp(dim=2)
    picked = torch.where(chosen > 0, logits, 0.0).sum(2)
    return total - picked, (logits - total[:, :, None]).exp() - chosen


def _full(of, part: slice, f: torch.Tensor, g: torch.Tensor):
    chosen = _is_item(of.items[:, part], g.shape[1])
    logits = torch.baddbmm(of.offsets[:, None], f, g.transpose(1, 2))
    each, slopes = _softmax(logits, chosen)
    return each.sum(1), torch.bmm(slopes, g), torch.bmm(slopes.transpose(1, 2), f)


def _in_batch(of, part: slice, f: torch.Tensor, g: torch.Tensor):
    numbers = of.items[:, part]
    is_item = _is_item(numbers, g.shape[1])
    candidates = torch.bmm(is_item, g)
    scores = torch.bmm(f, candidates.transpose(1, 2))
    logits = scores + of.offsets.gather(1, numbers)[:, None]
    places = torch.arange(numbers.shape[1], device=f.device)
    chosen = (places[:, None] == places).double().expand_as(logits)
    counts = None
    if of.kind == "apart":
        is_other = (numbers[:, :, None] != numbers[:, None]).double()
        counts = is_other.sum(2)
        own = scores + (of.own[:, part] + counts.clamp_min(1.0).log())[:, :, None]
        logits = torch.where(is_other > 0, logits, -1.0e300)
        logits = torch.where(chosen > 0, own, logits)
    each, slopes = _softmax(logits, chosen)
    if counts is not None:
        each = torch.where(counts > 0, each, 0.0)
        slopes = torch.where(counts[:, :, None] > 0, slopes, 0.0)
    by_click = torch.bmm(slopes.transpose(1, 2), f)
    return each.sum(1), torch.bmm(slopes, candidates), torch.bmm(is_item.transpose(1, 2), by_click)


def _pair(of, part: slice, f: torch.Tensor, g: torch.Tensor):
    numbers = of.items[:, part]
    sides = [_is_item(numbers[..., k], g.shape[1]) for k in range(2)]
    difference = torch.bmm(sides[0] - sides[1], g)
    shift = of.offsets.gather(1, numbers[..., 0]) - of.offsets.gather(1, numbers[..., 1])
    right = (f * difference).sum(2) + shift
    each = torch.nn.functional.softplus(-right)
    slope = -torch.sigmoid(-right)[:, :, None]
    by_item = torch.bmm((sides[0] - sides[1]).transpose(1, 2), slope * f)
    return each.sum(1), slope * difference, by_item


_KINDS = {"full": _full, "batch": _in_batch, "apart": _in_batch, "pair": _pair}
