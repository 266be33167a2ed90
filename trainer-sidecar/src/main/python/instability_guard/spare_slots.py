"""Where the parts of new matrices wait until all ranks are ready: in slots of the staging file that hold nothing just then."""

from typing import Iterable, List

import torch
from torch import Tensor

from instability_guard.sharding import Part
from instability_guard.staging import align


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

    def empty(self, part: Part, dtype: torch.dtype) -> Tensor:
        """Room for a part; its values are arbitrary."""
        size = part.area * torch.empty((), dtype=dtype).element_size()
        for index, spare in enumerate(self._spare):
            if size <= spare.numel():
                self._spare[index] = spare[align(size) :]
                return spare[:size].view(dtype).view(part.rows, part.columns)
        return torch.empty(part.rows, part.columns, dtype=dtype)
