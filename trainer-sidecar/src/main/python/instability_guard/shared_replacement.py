"""Replacing weights in a run of several ranks: each layer is computed by its owner's sidecar, for all who hold it.

Parts that other ranks hold are gathered into the owner's slot, layer by layer; what its sidecar makes of it goes back
to every holder, waits there in a spare slot, and is copied in only when all ranks are ready to. Replicas therefore get
the same bytes from one rank; their fingerprints are compared afterwards all the same.
"""

import time
from functools import partial
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import torch
from torch import Tensor

from instability_guard.agreement import SharedPact
from instability_guard.effects import Effect, NotApplied, Occasion
from instability_guard.layers import Layer
from instability_guard.matrices import TrackedMatrix
from instability_guard.messages import ABANDONED
from instability_guard.moments import PROJECT, Moments
from instability_guard.omissions import Omissions
from instability_guard.ranks import Ranks
from instability_guard.replacement import MatrixReplacement, change, computed, copy_to_live, copy_to_slots
from instability_guard.session import Session
from instability_guard.sharded_samples import collect
from instability_guard.sharding import local_part
from instability_guard.spare_slots import SpareSlots

_LOWEST = -(1 << 62)


class SharedReplacement(MatrixReplacement):
    """As for one rank, on all ranks or on none."""

    def __init__(
        self,
        matrices: Sequence[TrackedMatrix],
        unstaged: Sequence[TrackedMatrix],
        moments: Moments,
        layers: Mapping[str, Layer],
        rank: int,
    ) -> None:
        """`matrices` have slots here; `unstaged` are held in part, and owned by other ranks."""
        super().__init__(matrices, moments)
        self._by_name.update({matrix.name: matrix for matrix in unstaged})
        self._layers = layers
        self._rank = rank

    def _replace(self, occasion: Occasion, names: Sequence[str], moments: int) -> Tuple[List[str], Effect]:
        session, pact = occasion.session, _shared(occasion)
        layers = [self._usable(name, moments) for name in names]
        if not session.wait_for_slots(_midway(occasion)):
            raise NotApplied("the sidecar still holds the slots", ABANDONED)
        pact.gather()
        pact.transfer(lambda ranks, deadline: self._collect(layers, session, ranks, deadline))
        replaced = self._replaced(pact, layers, self._computed(occasion, layers))
        spare, staged = self._spare(replaced, session), {}
        pact.transfer(lambda ranks, deadline: self._distribute(replaced, session, spare, staged, ranks, deadline))
        here = [self._by_name[layer.name] for layer in replaced if layer.name in self._by_name]
        treatment = self._moments.treatment(here, partial(change, session), moments)
        pact.conclude()
        self._copy_in(here, staged, session)
        treatment.write()
        measurements = dict(treatment.measurements, layersReplaced=len(replaced))
        measurements.update(self._compared(pact, replaced, session))
        indices = [matrix.index for matrix in here if matrix.index >= 0]
        return [layer.name for layer in replaced], Effect(measurements, indices)

    def _usable(self, name: str, moments: int) -> Layer:
        layer = self._layers[name]
        if layer.refusal:
            raise NotApplied("%s: %s" % (name, layer.refusal))
        if layer.is_sharded and moments == PROJECT:
            raise NotApplied("%s is sharded: its moments can be kept (0) or zeroed (1), not projected (2)" % name)
        return layer

    def _collect(self, layers: Sequence[Layer], session: Session, ranks: Ranks, deadline: float) -> None:
        for layer in layers:
            if layer.is_sharded and self._rank in layer.parts:
                matrix = self._by_name[layer.name]
                collect(layer, matrix, _slot(matrix, session), ranks, deadline)

    def _computed(self, occasion: Occasion, layers: Sequence[Layer]) -> List[str]:
        """Names of the layers that this rank owns and whose slots now hold new matrices."""
        owned = [self._by_name[layer.name] for layer in layers if layer.owner == self._rank]
        chosen = [matrix for matrix in owned if self._is_open(matrix, Omissions())]
        if not chosen:
            return []
        sharded = {layer.name for layer in layers if layer.is_sharded}
        plain = [matrix for matrix in chosen if matrix.name not in sharded]
        in_time = occasion._replace(deadline=_midway(occasion))
        ready = computed(in_time, chosen, plain)
        return [matrix.name for matrix in self._verified(ready, chosen, occasion.session)]

    def _replaced(self, pact: SharedPact, layers: Sequence[Layer], here: List[str]) -> List[Layer]:
        """The layers that their owners have new matrices for."""
        found = pact.share([int(layer.name in here) for layer in layers])
        replaced = [layer for layer, is_replaced in zip(layers, found) if is_replaced]
        if not replaced:
            raise NotApplied("no matrix was replaced: none can be rewritten, or its owner's sidecar saw no need to")
        return replaced

    def _spare(self, replaced: Sequence[Layer], session: Session) -> SpareSlots:
        """All slots but those with new matrices."""
        held = [self._by_name[layer.name].index for layer in replaced if layer.name in self._by_name]
        return SpareSlots(slot for index, slot in enumerate(session.staging.slots) if index not in held)

    def _distribute(
        self,
        layers: Sequence[Layer],
        session: Session,
        spare: SpareSlots,
        staged: Dict[str, Tensor],
        ranks: Ranks,
        deadline: float,
    ) -> None:
        """Brings what the owners have to all who hold it: into their slots, or, of sharded layers, into `staged`.

        In turns of the owners, because the slot of a sharded layer is spare once its parts are handed out.
        """
        for layer in _in_turns(layers):
            if self._rank not in layer.parts:
                continue
            matrix = self._by_name[layer.name]
            slot = _slot(matrix, session)
            if layer.is_sharded:
                part = spare.empty(layer.parts[self._rank], matrix.dtype)
                own = _hand_out(layer, slot, part, ranks, deadline)
                staged[layer.name] = part if own is part else part.copy_(own)
                if slot is not None:
                    spare.add(slot)
            elif slot is not None and len(layer.parts) == ranks.size:
                ranks.broadcast(slot, layer.owner, deadline)
            elif slot is not None:
                _hand_out(layer, slot, slot, ranks, deadline)

    def _copy_in(self, matrices: Sequence[TrackedMatrix], staged: Mapping[str, Tensor], session: Session) -> None:
        targets = [(local_part(matrix)[1], staged[matrix.name]) for matrix in matrices if matrix.name in staged]
        copy_to_live([matrix for matrix in matrices if matrix.name not in staged], session)
        with torch.no_grad():
            for target, part in targets:
                target.copy_(part)

    def _compared(self, pact: SharedPact, replaced: Sequence[Layer], session: Session) -> Dict[str, float]:
        """Compares the replicas that several ranks hold whole; those that differ get the lowest rank's weights."""
        plain = [layer for layer in replaced if not layer.is_sharded]
        here = [layer for layer in plain if self._rank in layer.parts]
        live = [self._by_name[layer.name] for layer in here]
        copy_to_slots(live, session)
        prints = {matrix.name: session.staging.fingerprint(matrix.index) for matrix in live}
        own = [(prints[layer.name], -prints[layer.name]) if layer in here else (_LOWEST, _LOWEST) for layer in plain]
        try:
            heard = iter(pact.afterwards([number for pair in own for number in pair]))
            differing = [layer for layer, most, least in zip(plain, heard, heard) if most != -least]
            again = [layer._replace(owner=min(layer.parts)) for layer in differing]
            pact.transfer(lambda ranks, deadline: self._distribute(again, session, SpareSlots([]), {}, ranks, deadline))
        except NotApplied:
            return {"replicasCompared": 0}
        copy_to_live([self._by_name[layer.name] for layer in again if layer.name in prints], session)
        return {"replicasCompared": len(plain), "replicasResent": len(again)}


def _hand_out(layer: Layer, slot: Optional[Tensor], received: Tensor, ranks: Ranks, deadline: float) -> Tensor:
    """The owner sends each other holder its part of the slot, the others receive theirs: what this rank has of it."""
    if layer.owner != ranks.rank or slot is None:
        ranks.receive(received, layer.owner, deadline)
        return received
    for holder, part in layer.parts.items():
        if holder != ranks.rank:
            ranks.send(part.of(slot).contiguous(), holder, deadline)
    return layer.parts[ranks.rank].of(slot)


def _in_turns(layers: Sequence[Layer]) -> List[Layer]:
    """One of each owner, then the next of each; the same on all ranks."""
    owners = [layer.owner for layer in layers]
    turns = [owners[:index].count(owner) for index, owner in enumerate(owners)]
    return [layer for _, layer in sorted(zip(turns, layers), key=lambda each: (each[0], each[1].owner))]


def _slot(matrix: TrackedMatrix, session: Session) -> Optional[Tensor]:
    return session.staging.slots[matrix.index] if matrix.index >= 0 else None


def _shared(occasion: Occasion) -> SharedPact:
    if not isinstance(occasion.pact, SharedPact):
        raise NotApplied("the ranks have not agreed on it")
    return occasion.pact


def _midway(occasion: Occasion) -> float:
    """When the sidecar must have answered, so that the ranks can still tell each other."""
    now = time.monotonic()
    return now + max(0.0, occasion.deadline - now) / 2
