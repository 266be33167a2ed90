"""Carries out commands at a step boundary: the only place where the hook changes anything of the trainer's."""

import time
from typing import Dict, List, Sequence

import torch

from instability_guard import messages
from instability_guard.commands import SCALE_LEARNING_RATE, Command
from instability_guard.learning_rate import LearningRateScale
from instability_guard.matrices import TrackedMatrix
from instability_guard.messages import ABANDONED, FAILED, REFUSED, Message
from instability_guard.session import Session, SessionLost


class CommandApplication:
    """Applies one command at a time; the answer is APPLIED, or NOT_APPLIED with everything as it was."""

    def __init__(self, matrices: Sequence[TrackedMatrix], learning_rate: LearningRateScale) -> None:
        self._matrices = matrices
        self._by_name: Dict[str, TrackedMatrix] = {matrix.name: matrix for matrix in matrices}
        self._learning_rate = learning_rate

    def apply(self, session: Session, command: Command, step: int, deadline: float) -> Message:
        """Carries `command` out at the boundary of `step`, waiting for the sidecar until `deadline` at most."""
        started = time.perf_counter()
        try:
            if command.kind == SCALE_LEARNING_RATE:
                answer = self._scale(command, step)
            else:
                answer = self._replace(session, command, step, deadline)
        except SessionLost:
            raise
        except Exception as error:
            return messages.not_applied(command.id, step, FAILED, str(error))
        if answer["type"] == "APPLIED":
            answer["hookMillis"] = (time.perf_counter() - started) * 1000.0
        return answer

    def _scale(self, command: Command, step: int) -> Message:
        if not self._learning_rate.is_usable:
            return messages.not_applied(command.id, step, REFUSED, "the optimizer has no learning rate")
        before = self._learning_rate.scale
        self._learning_rate.apply(command.parameters)
        answer = _applied(command, step, [])
        answer.update(learningRateScaleBefore=before, learningRateScaleAfter=self._learning_rate.scale)
        return answer

    def _replace(self, session: Session, command: Command, step: int, deadline: float) -> Message:
        """Live -> slots -> sidecar -> slots, checked -> live."""
        chosen = [self._by_name[name] for name in command.layers if not self._by_name[name].is_frozen]
        if not chosen:
            return messages.not_applied(command.id, step, REFUSED, "every layer of the command is frozen")
        if not session.wait_for_slots(deadline):
            return messages.not_applied(command.id, step, ABANDONED, "the sidecar still holds the slots")
        copy_to_slots(chosen, session)
        answer = session.exchange(command.id, step, [matrix.index for matrix in chosen], deadline)
        if answer is None:
            return messages.not_applied(command.id, step, ABANDONED, "the sidecar did not answer in time")
        if answer["type"] == "REJECT":
            return messages.not_applied(command.id, step, REFUSED, str(answer.get("reason", "")))
        replaced = self._verified(answer, chosen, session)
        if not replaced:
            return messages.not_applied(command.id, step, REFUSED, _reasons(answer))
        copy_to_live(replaced, session)
        return _applied(command, step, [matrix.index for matrix in replaced])

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
    with torch.no_grad():
        for matrix in matrices:
            session.staging.slots[matrix.index].copy_(matrix.live())


def copy_to_live(matrices: Sequence[TrackedMatrix], session: Session) -> None:
    """Slots -> live weights, in place; every target is looked up before the first one is written."""
    with torch.no_grad():
        for matrix, target in [(matrix, matrix.live()) for matrix in matrices]:
            target.copy_(session.staging.slots[matrix.index])


def _check_slot(matrix: TrackedMatrix, session: Session, crc32: int) -> None:
    if session.staging.checksum(matrix.index) != crc32:
        raise ValueError("the checksum of %s differs" % matrix.name)
    if not torch.isfinite(session.staging.slots[matrix.index]).all():
        raise ValueError("the replacement of %s is not finite" % matrix.name)


def _applied(command: Command, step: int, indices: List[int]) -> Message:
    return {"type": "APPLIED", "id": command.id, "step": step, "matrices": indices, "hookMillis": 0.0}


def _reasons(ready: Message) -> str:
    given = [str(entry.get("reason", "")) for entry in ready["matrices"]]
    return "no matrix was replaced: %s" % "; ".join(sorted({reason for reason in given if reason}))
