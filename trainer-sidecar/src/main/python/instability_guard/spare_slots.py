"""Where the parts of new matrices wait until all ranks are ready: in slots of the staging file that hold nothing just then."""

from typing import Iterable, List

import torch
from torch import Tensor

from instability_guard.sharding import Part
from instability_guard.staging import SlotShape, align


class SpareSlots:
    """Memory out of spare slots, and beside them only where these are too small: a repair needs little of its own."""

    def __init__(self, slots: Iterable[Tensor]) -> None:
        """`slots`: contiguous, and nobody's as long as this object is in use."""
        self._spare: List[Tensor] = []
        for slot in slots:
            self.add(slot)

    def add(self, slot: Tensor) -> None:
        """From now on this slot is spare, too."""
        self._spare.append(slot.view(-1).view(torch.uint8))

    def empty(self, part: Part, dtype: str) -> Tensor:
        """Room for a part of a matrix of this dtype name; its values are arbitrary."""
        size = SlotShape(part.rows, part.columns, dtype).size
        for index, spare in enumerate(self._spare):
            if size <= spare.numel():
                self._spare[index] = spare[align(size) :]
                return spare[:size].view(getattr(torch, dtype)).view(part.rows, part.columns)
        return torch.empty(part.rows, part.columns, dtype=getattr(torch, dtype))
