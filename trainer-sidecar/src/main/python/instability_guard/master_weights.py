"""The copies of a weight that an optimizer steps in its place, in a wider type, and writes back over it.

They are known by what they are, not by who keeps them: tensors of the weight's shape that equal it once rounded to its
type. Looked for where optimizers have them: in the state of the weight and in further lists of the optimizer (of a type
wider than the weight's; in its state also by a name with "master" in it), and, where no group holds the weight itself,
in the groups.
"""

from typing import Any, Dict, Iterator, List, Sequence, Set

import torch
from torch import Tensor
from torch.optim import Optimizer

_DEEPEST = 6
_PROBED = 64


class NoMaster(ValueError):
    """No given optimizer steps this weight, nor any copy of it that can be told: what is written would be undone."""


def innermost(optimizer: Any) -> Optimizer:
    """The optimizer inside wrappers that keep it as `optimizer` (those of `accelerate`, loss scalers)."""
    while hasattr(getattr(optimizer, "optimizer", None), "param_groups"):
        optimizer = optimizer.optimizer
    return optimizer


class MasterWeights:
    """Finds the copies. Only plain tensors are compared: on others it might take every rank."""

    def __init__(self, optimizers: Sequence[Optimizer], parameters: Sequence[Tensor] = ()) -> None:
        """`parameters`: those of the model, which are nobody's copies."""
        self._optimizers = list(optimizers)
        self._own: Set[int] = {id(parameter) for parameter in parameters}

    def of(self, parameter: Tensor) -> List[Tensor]:
        """The copies to write whenever the weight is written; empty when it is stepped itself. Else `NoMaster`."""
        holders = [each for each in self._optimizers if any(held is parameter for held in _stepped(each))]
        if not _is_plain(parameter):
            return []
        if holders:
            return [copy for holder in holders for copy in _beside(holder, parameter)]
        groups = [held for each in self._optimizers for held in _stepped(each) if id(held) not in self._own]
        copies = [held for held in groups if _is_copy(held, parameter)]
        if len(copies) != 1:
            count = "no" if not copies else "more than one"
            raise NoMaster("%s tensor of the given optimizers is this weight or a copy of it" % count)
        return copies


def _beside(optimizer: Optimizer, parameter: Tensor) -> List[Tensor]:
    """Copies that an optimizer keeps for a weight which it was given to step."""
    state: Dict[Any, Any] = optimizer.state.get(parameter, {})
    named = [value for name, value in state.items() if "master" in str(name) and _fits(value, parameter)]
    lists = [value for name, value in vars(optimizer).items() if name not in ("state", "param_groups")]
    wider = [each for each in _tensors([state, lists], _DEEPEST) if each.element_size() > parameter.element_size()]
    equal = [tensor for tensor in wider if _is_copy(tensor, parameter)]
    return list({id(tensor): tensor for tensor in named + equal}.values())


def _stepped(optimizer: Optimizer) -> Iterator[Tensor]:
    return (parameter for group in optimizer.param_groups for parameter in group["params"])


def _tensors(kept: Any, depth: int) -> Iterator[Tensor]:
    """The tensors in nested lists and dictionaries."""
    if isinstance(kept, Tensor):
        yield kept
    elif isinstance(kept, (dict, list, tuple)) and depth > 0:
        for item in kept.values() if isinstance(kept, dict) else kept:
            yield from _tensors(item, depth - 1)


def _is_copy(tensor: Tensor, parameter: Tensor) -> bool:
    """Equal once rounded; a weight of zeros is no evidence. A few entries are looked at before all."""
    if not _fits(tensor, parameter) or tensor is parameter:
        return False
    few, of_few = tensor.detach().flatten()[:_PROBED], parameter.detach().flatten()[:_PROBED]
    return _equal(few, of_few) and _equal(tensor.detach(), parameter.detach()) and bool(parameter.detach().any())


def _fits(tensor: Any, parameter: Tensor) -> bool:
    """A tensor of its shape, of a floating type that holds all values of its type."""
    if not _is_plain(tensor) or tensor.shape != parameter.shape or not tensor.is_floating_point():
        return False
    return torch.promote_types(tensor.dtype, parameter.dtype) == tensor.dtype


def _equal(tensor: Tensor, of_parameter: Tensor) -> bool:
    return torch.equal(tensor.to(device=of_parameter.device, dtype=of_parameter.dtype), of_parameter)


def _is_plain(tensor: Any) -> bool:
    return type(tensor) in (Tensor, torch.nn.Parameter)
