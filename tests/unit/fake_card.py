"""A card that is not there: tensors that lie in memory and behave as CUDA's do.

Everything is computed, so that whole jobs run as they are, and a loop may ask for a number. What is
refused, or counted, is what CUDA would refuse or wait for. The rules are stricter than CUDA's: a
tensor of the CPU may meet none of the card, be it a single number or an index.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

WAITING = {
    *("item", "tolist", "__bool__", "__float__", "__int__", "__index__", "__contains__"),
    *("cpu", "is_nonzero", "equal", "allclose", "nonzero", "argwhere", "masked_select", "unique"),
    *("linalg_solve", "linalg_eigh", "linalg_inv", "linalg_cholesky", "linalg_svd"),
    *("linalg_pinv", "linalg_lstsq", "bincount", "histc"),
}
"""Functions whose result is on the host, is checked there, or has a shape that numbers decide."""

UNORDERED = {
    "cumsum",
    "cumprod",
    "put_",
    "kthvalue",
    "median",
    "histc",
    "bincount",
    "scatter_reduce",
}
"""Functions that `torch.set_deterministic_debug_mode("error")` refuses on a card."""

CARD = torch.device("cuda", 0)


class OnCard(torch.Tensor):
    """A tensor of the card."""

    device = property(lambda self: CARD)
    is_cuda = property(lambda self: True)
    is_cpu = property(lambda self: False)


class Card(TorchFunctionMode):
    """While it is entered, `device="cuda"` and `.to("cuda")` give tensors of the card.

    Attributes:
        waits: by function, how often the host had to wait for the card: for a number, a copy from
            there, or a copy to there out of memory that is not pinned.
        ahead: copies to the card that no one waits for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()
        self.ahead = 0

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        keywords = keywords or {}
        name = getattr(function, "__name__", "")
        tensors = list(_tensors((arguments, keywords)))
        here = [isinstance(tensor, OnCard) for tensor in tensors]
        if name == "pin_memory":
            pinned = arguments[0].clone()
            pinned.in_pinned_memory = True
            return pinned
        if name in ("to", "cpu", "cuda"):
            return self._moved(name, arguments[0], *arguments[1:], **keywords)
        if _is_card(keywords.get("device")):
            if name in ("tensor", "as_tensor", "new_tensor"):
                self.waits[name] += 1
            return function(*arguments, **keywords | {"device": "cpu"}).as_subclass(OnCard)
        if any(here) and not all(here):
            raise RuntimeError(f"Expected all tensors to be on the same device: {name}")
        if any(here):
            self._judge(name, arguments)
        return function(*arguments, **keywords)

    def _judge(self, name: str, arguments: tuple) -> None:
        """Refuse or count a function of the card's tensors."""
        if name in UNORDERED:
            raise RuntimeError(f"{name} does not have a deterministic implementation")
        if name in ("numpy", "__array__"):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        is_mask = name == "__getitem__" and any(
            t.dtype == torch.bool for t in _tensors(arguments[1:])
        )
        if name in WAITING or name == "new_tensor" or is_mask:
            self.waits[name] += 1

    def _moved(self, name: str, tensor: torch.Tensor, *others, **keywords) -> torch.Tensor:
        """`to`, `cpu` and `cuda` of a tensor, as copies that are counted."""
        given = [*others, *keywords.values()]
        like = next((other for other in given if isinstance(other, torch.Tensor)), None)
        dtypes = [other for other in given if isinstance(other, torch.dtype)]
        places = [other for other in given if isinstance(other, str | torch.device)]
        dtype = dtypes[0] if dtypes else tensor.dtype if like is None else like.dtype
        was, to_card = isinstance(tensor, OnCard), name == "cuda"
        if name == "to":
            to_card = (
                _is_card(places[0])
                if places
                else isinstance(tensor if like is None else like, OnCard)
            )
        moved = tensor.to(dtype)
        if was == to_card:
            return moved
        if to_card and keywords.get("non_blocking") and hasattr(tensor, "in_pinned_memory"):
            self.ahead += 1
        else:
            self.waits["copy to the card" if to_card else name] += 1
        return moved.clone().as_subclass(OnCard if to_card else torch.Tensor)


def _is_card(place: Any) -> bool:
    return place is not None and torch.device(place).type == "cuda"


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    """Tensors in nested lists, tuples and dictionaries."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))
