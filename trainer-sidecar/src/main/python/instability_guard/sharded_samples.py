"""Samples of weights of which each rank holds a part: put together in the slot of the layer's owner."""

import time
from typing import Optional, Sequence, Tuple

import torch
from torch import Tensor

from instability_guard.layers import Layer
from instability_guard.matrices import TrackedMatrix, dtype_name
from instability_guard.ranks import Ranks, RanksLost
from instability_guard.sharding import Part, local_part


class ShardedSamples:
    """All ranks collect at the same steps, layer by layer in one order, and each wait for one part is bounded.

    A rank that cannot use its sample, because its sidecar is gone or still at the last one, collects all the same: the
    others' parts are on their way. Nobody but the owner holds more than its own parts, and the owner one of them at a
    time beside its slot.
    """

    def __init__(
        self, ranks: Optional[Ranks], layers: Sequence[Tuple[Layer, TrackedMatrix]], seconds_a_part: float
    ) -> None:
        """`layers`: the sharded ones that this rank holds a part of, in the order of all ranks."""
        self.lost = ""
        """Why nothing can be collected any more; empty while it can."""
        self._ranks = ranks
        self._layers = list(layers)
        self._seconds = seconds_a_part

    @property
    def exist(self) -> bool:
        """Whether there is anything to collect."""
        return bool(self._layers)

    def collect(self, slots: Optional[Sequence[Tensor]]) -> bool:
        """Fills the slots of the layers that this rank owns, if it has any; whether they are good."""
        if self.lost or self._ranks is None:
            return not self._layers
        try:
            for layer, matrix in self._layers:
                slot = slots[matrix.index] if slots is not None and matrix.index >= 0 else None
                collect(layer, matrix, slot, self._ranks, time.monotonic() + self._seconds)
        except (RanksLost, ValueError) as error:
            self.lost = str(error)
        return not self.lost


def collect(layer: Layer, matrix: TrackedMatrix, whole: Optional[Tensor], ranks: Ranks, deadline: float) -> None:
    """The parts of one layer, into `whole` at its owner (None: into nothing); every holder calls it."""
    with torch.no_grad():
        for source, part in layer.cover:
            if source == ranks.rank:
                own = _checked(matrix, part)
                if layer.owner != source:
                    ranks.send(own.cpu().contiguous(), layer.owner, deadline)
                elif whole is not None:
                    part.of(whole).copy_(own)
            elif layer.owner == ranks.rank:
                heard = torch.empty(part.rows, part.columns, dtype=getattr(torch, matrix.dtype))
                ranks.receive(heard, source, deadline)
                if whole is not None:
                    part.of(whole).copy_(heard)


def _checked(matrix: TrackedMatrix, expected: Part) -> Tensor:
    part, own = local_part(matrix)
    if part != expected or dtype_name(own) != matrix.dtype:
        raise ValueError("%s is laid out differently now" % matrix.name)
    return own
