"""The kinds that replace weights: the sidecar computes on staged copies, and what it computed is checked first."""

from functools import partial
from typing import List, Optional, Sequence, Tuple

import torch

from instability_guard import messages
from instability_guard.effects import Effect, NotApplied, Occasion
from instability_guard.matrices import TrackedMatrix
from instability_guard.messages import ABANDONED, Message
from instability_guard.moments import KEEP, Moments
from instability_guard.omissions import Omissions
from instability_guard.session import Session


class MatrixReplacement:
    """Live -> slots -> sidecar -> slots, checked -> live; the moments of what was replaced as the command says.

    The sidecar knows from the command's id what to compute: a polar factor, a projection, a scale, or, for a command
    that undoes another, the weights that it had kept. Undoing leaves the optimizer's moments as they are then. Layers
    that cannot be rewritten are left as they are and counted (`matricesRefused`); a command of nothing else is refused.
    """

    def __init__(self, matrices: Sequence[TrackedMatrix], moments: Moments) -> None:
        """`matrices`: all that are tracked, in the order of their slots."""
        self._matrices = matrices
        self._by_name = {matrix.name: matrix for matrix in matrices}
        self._moments = moments

    def apply(self, occasion: Occasion) -> Effect:
        """Replaces the layers of the command."""
        command = occasion.command
        names, effect = self._replace(occasion, command.layers, int(command.parameters["moments"]))
        return effect._replace(undo=partial(self._restore, names=names))

    def _restore(self, occasion: Occasion, names: Sequence[str]) -> Effect:
        return self._replace(occasion, names, KEEP)[1]

    def _replace(self, occasion: Occasion, names: Sequence[str], moments: int) -> Tuple[List[str], Effect]:
        """Names of the layers that were replaced, and the effect."""
        session = occasion.session
        omissions = Omissions()
        chosen = [matrix for matrix in map(self._by_name.__getitem__, names) if self._is_open(matrix, omissions)]
        if not chosen:
            raise NotApplied("; ".join(omissions.lines()))
        ready = computed(occasion, chosen)
        replaced = self._verified(ready, chosen, session)
        if not replaced:
            raise NotApplied(why_none(ready))
        treatment = self._moments.treatment(replaced, partial(change, session), moments)
        occasion.pact.conclude()
        copy_to_live(replaced, session)
        treatment.write()
        refused = {"matricesRefused": len(names) - len(chosen)} if len(chosen) < len(names) else {}
        effect = Effect({**treatment.measurements, **refused}, [matrix.index for matrix in replaced])
        return [matrix.name for matrix in replaced], effect

    def _is_open(self, matrix: TrackedMatrix, omissions: Omissions) -> bool:
        """Whether the matrix can be rewritten so that it stays."""
        obstacle = matrix.obstacle or self._moments.obstacle(matrix)
        if obstacle is not None:
            omissions.add("repair", matrix.name, obstacle)
        return obstacle is None

    def _verified(self, ready: Message, chosen: List[TrackedMatrix], session: Session) -> List[TrackedMatrix]:
        """The matrices to replace; `ValueError` unless READY fits APPLY and the slots are what it says."""
        entries = messages.objects(ready, "matrices")
        indices = [messages.integer(entry, "index") for entry in entries]
        if sorted(indices) != sorted(matrix.index for matrix in chosen):
            raise ValueError("READY names other matrices than APPLY")
        replaced = []
        for entry in entries:
            if messages.boolean(entry, "replaced"):
                matrix = self._matrices[entry["index"]]
                _check_slot(matrix, session, messages.integer(entry, "crc32"))
                replaced.append(matrix)
        return replaced


def copy_to_slots(matrices: Sequence[TrackedMatrix], session: Session) -> None:
    """Live weights -> slots; `ValueError` when a parameter is no longer what was tracked."""
    with torch.no_grad(), session.staging.copying():
        for matrix in matrices:
            session.staging.slots[matrix.index].copy_(matrix.live())


def copy_to_live(matrices: Sequence[TrackedMatrix], session: Session) -> None:
    """Slots -> live weights, in place; every target is looked up before the first one is written."""
    with torch.no_grad():
        for matrix, target in [(matrix, matrix.live()) for matrix in matrices]:
            target.copy_(session.staging.slots[matrix.index])


def computed(
    occasion: Occasion, chosen: Sequence[TrackedMatrix], unstaged: Optional[Sequence[TrackedMatrix]] = None
) -> Message:
    """READY, after an exchange with the sidecar; `unstaged`, by default all, are copied to their slots before."""
    session = occasion.session
    if not session.wait_for_slots(occasion.deadline):
        raise NotApplied("the sidecar still holds the slots", ABANDONED)
    copy_to_slots(chosen if unstaged is None else unstaged, session)
    indices = [matrix.index for matrix in chosen]
    answer = session.exchange(occasion.command.id, occasion.step, indices, occasion.deadline)
    if answer is None:
        raise NotApplied("the sidecar did not answer in time", ABANDONED)
    if answer["type"] == "REJECT":
        raise NotApplied(str(answer.get("reason", "")))
    return answer


def change(session: Session, matrix: TrackedMatrix) -> torch.Tensor:
    """Slot minus live weight, float32 or wider, on the weight's device."""
    live = matrix.live()
    wide = torch.promote_types(live.dtype, torch.float32)
    return session.staging.slots[matrix.index].to(device=live.device, dtype=wide) - live


def _check_slot(matrix: TrackedMatrix, session: Session, crc32: int) -> None:
    if session.staging.checksum(matrix.index) != crc32:
        raise ValueError("the checksum of %s differs" % matrix.name)
    if not torch.isfinite(session.staging.slots[matrix.index]).all():
        raise ValueError("the replacement of %s is not finite" % matrix.name)


def why_none(ready: Message) -> str:
    """The reasons in a READY that replaces no matrix."""
    given = [str(entry.get("reason", "")) for entry in ready["matrices"]]
    return "no matrix was replaced: %s" % "; ".join(sorted({reason for reason in given if reason}))
