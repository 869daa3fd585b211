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
from torch.utils._python_dispatch import TorchDispatchMode

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


class Indexing(TorchFunctionMode):
    """Lets torch's own fake tensors of a card be indexed where torch was built for CPUs alone.

    Brackets and `contiguous` ask for the card's driver; the operations behind them do not.
    """

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        name = getattr(function, "__name__", "")
        if name == "__getitem__":
            return _picked(*arguments)
        if name == "__setitem__":
            place, value = _picked(*arguments[:2]), arguments[2]
            setting = "copy_" if isinstance(value, torch.Tensor) else "fill_"
            getattr(torch.ops.aten, setting)(place, value)
            return None
        if name == "contiguous":
            return torch.clone(arguments[0], memory_format=torch.contiguous_format)
        return function(*arguments, **(keywords or {}))


def _picked(tensor: torch.Tensor, index: Any) -> torch.Tensor:
    """`tensor[index]` for slices, whole numbers, None, dots and tensors of indices."""
    axis, indices = 0, {}
    listed = index if isinstance(index, tuple) else (index,)
    for position, each in enumerate(listed):
        if each is None:
            tensor = torch.ops.aten.unsqueeze(tensor, axis)
        elif each is Ellipsis:
            later = sum(1 for other in listed[position + 1 :] if other is not None)
            axis = tensor.dim() - later - 1
        elif isinstance(each, slice):
            start, stop, step = each.indices(tensor.shape[axis])
            tensor = torch.ops.aten.slice(tensor, axis, start, stop, step)
        elif isinstance(each, torch.Tensor):
            indices[axis] = each
        else:
            tensor, axis = torch.ops.aten.select(tensor, axis, int(each)), axis - 1
        axis += 1
    if indices:
        listed = [indices.get(axis) for axis in range(max(indices) + 1)]
        return torch.ops.aten.index(tensor, listed)
    return tensor


class Kernels(TorchDispatchMode):
    """Looks below the functions, at the operations that they consist of.

    Attributes:
        launched: operations on the card that move numbers; a view of a tensor does not.
        waits: those that ask it for a number, or meet or make a tensor of the CPU.
    """

    ASKING = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "_linalg_check_errors")

    def __init__(self) -> None:
        super().__init__()
        self.launched, self.waits = 0, []

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        found = operation(*arguments, **(keywords or {}))
        places = {each.device.type for each in _tensors((arguments, keywords or {}, found))}
        name = operation.__name__
        if "cuda" in places and not name.startswith("device"):
            self.launched += not operation.is_view
            if len(places) > 1 or name.startswith(self.ASKING):
                self.waits.append(name)
        return found
