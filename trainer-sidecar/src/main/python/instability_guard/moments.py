"""What becomes of the optimizer's moments when the guard replaces a weight: kept, zeroed or projected.

Moments are averages of gradients at the old weight, and their next updates pull the new weight back to it.

- KEEP leaves them as they are.
- ZERO forgets them. Bias correction rests on the parameter's own step count: second moments are zeroed only together
  with that count, so for a whole parameter and not for a slice of a fused one. (Zeroed alone, they would make Adam's
  next twenty updates up to 6.5 times too long with its default decay rates.)
- PROJECT takes out of the first moment m its component along the change D of the weight, m - (<m, D> / <D, D>) D, which
  is the part that would undo the change or add to it. Second moments, which are a scale, are kept; because Adam divides
  by their roots entry by entry, its next update is only nearly orthogonal to D.

Only state that is known by name to be a moment is touched. Copies of the weight that the optimizer steps in its place
(`instability_guard.master_weights`) get the new weight too, whatever becomes of the moments: else its next step would
write the old one back. Anything else of the weight's shape is kept.
"""

from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from instability_guard.master_weights import MasterWeights, NoMaster
from instability_guard.matrices import TrackedMatrix
from instability_guard.sharding import state_part

KEEP, ZERO, PROJECT = range(3)

_FIRST = ("exp_avg", "momentum_buffer")
_SECOND = ("exp_avg_sq", "max_exp_avg_sq", "square_avg")


class Treatment:
    """New values for the moments of some matrices, all computed; `write` puts them in place, after the weights."""

    def __init__(self) -> None:
        counted = ("momentsKept", "momentsZeroed", "momentsProjected", "mastersReplaced")
        self.measurements: Dict[str, float] = dict.fromkeys(counted, 0)
        self._writes: List[Callable[[], Any]] = []

    def add(self, done: str, write: Callable[[], Any]) -> None:
        """Counts one state tensor as `done`, and remembers how."""
        self.measurements[done] += 1
        self._writes.append(write)

    def keep(self) -> None:
        """Counts one state tensor that stays."""
        self.measurements["momentsKept"] += 1

    def also(self, write: Callable[[], Any]) -> None:
        """Remembers a change that is not counted."""
        self._writes.append(write)

    def write(self) -> None:
        """Changes the optimizer's state."""
        with torch.no_grad():
            for write in self._writes:
                write()


class Moments:
    """The moments that the given optimizers keep."""

    def __init__(self, optimizers: Sequence[Optimizer], parameters: Sequence[Tensor] = ()) -> None:
        """`parameters`: those of the model. Changes nothing."""
        self._optimizers = list(optimizers)
        self._masters = MasterWeights(optimizers, parameters)

    def obstacle(self, matrix: TrackedMatrix) -> Optional[str]:
        """Why the next step would undo a new weight; None when it would not."""
        try:
            self._masters.of(matrix.parameter)
        except NoMaster as reason:
            return str(reason)
        return None

    def treatment(
        self, replaced: Sequence[TrackedMatrix], change: Callable[[TrackedMatrix], Tensor], mode: int
    ) -> Treatment:
        """What to do for these matrices; `change` tells new minus old, rows x columns, and is asked by PROJECT only."""
        treatment = Treatment()
        with torch.no_grad():
            for matrix in replaced:
                masters = self._masters.of(matrix.parameter)
                for state in self._states([matrix.parameter] + masters):
                    _treat(treatment, matrix, change, state, mode, masters)
                for master in masters:
                    treatment.add("mastersReplaced", partial(_follow, matrix, master))
        return treatment

    def _states(self, stepped: Sequence[Tensor]) -> Iterator[Dict[Any, Any]]:
        for optimizer in self._optimizers:
            for tensor in stepped:
                state = optimizer.state.get(tensor)
                if isinstance(state, dict):
                    yield state


def _treat(
    treatment: Treatment,
    matrix: TrackedMatrix,
    change: Callable[[TrackedMatrix], Tensor],
    state: Dict[Any, Any],
    mode: int,
    masters: Sequence[Tensor],
) -> None:
    is_whole = matrix.rows * matrix.columns == matrix.parameter.numel()
    restarts = mode == ZERO and is_whole and "step" in state
    for name, value in state.items():
        if not isinstance(value, Tensor) or value.shape != matrix.parameter.shape or any(value is m for m in masters):
            continue
        part = state_part(matrix, value)
        if mode == ZERO and (name in _FIRST or (restarts and name in _SECOND)):
            treatment.add("momentsZeroed", part.zero_)
        elif mode == PROJECT and name in _FIRST:
            treatment.add("momentsProjected", partial(part.copy_, _without(part, change(matrix))))
        else:
            treatment.keep()
    if restarts:
        treatment.also(partial(_restart, state))


def _follow(matrix: TrackedMatrix, master: Tensor) -> None:
    """Gives a copy of the parameter what the matrix holds by now."""
    matrix.part_of(master.detach()).copy_(matrix.live())


def _without(moment: Tensor, direction: Tensor) -> Tensor:
    """`moment` without its component along `direction`; as it is where that cannot be computed."""
    wide = moment.to(torch.promote_types(moment.dtype, torch.float32))
    along = direction.to(wide)
    along = along / along.abs().amax()  # so that its square neither overflows nor vanishes
    projected = wide - (wide * along).sum() / (along * along).sum() * along
    return projected if bool(torch.isfinite(projected).all()) else wide


def _restart(state: Dict[Any, Any]) -> None:
    if isinstance(state["step"], Tensor):
        state["step"].zero_()
    else:
        state["step"] = 0
