"""Carries out commands at a step boundary: the only place where the hook changes anything of the trainer's."""

import time
from typing import Dict, Mapping

from instability_guard import messages
from instability_guard.effects import Effect, Intervention, NotApplied, Occasion
from instability_guard.kinds import ROLL_BACK
from instability_guard.messages import FAILED, Message
from instability_guard.session import SessionLost


class CommandApplication:
    """Applies one command at a time; the answer is APPLIED, or NOT_APPLIED with everything as it was.

    A command that was applied can be undone once, where its kind has an opposite.
    """

    def __init__(self, interventions: Mapping[str, Intervention]) -> None:
        """`interventions`: by kind, all but ROLL_BACK."""
        self._interventions = dict(interventions)
        self._interventions[ROLL_BACK] = self._roll_back
        self._undo: Dict[str, Intervention] = {}

    def apply(self, occasion: Occasion) -> Message:
        """Carries the command out at this boundary, waiting for the sidecar until the deadline at most."""
        command, step = occasion.command, occasion.step
        started = time.perf_counter()
        try:
            effect = self._interventions[command.kind](occasion)
        except SessionLost:
            raise
        except NotApplied as refusal:
            return messages.not_applied(command.id, step, refusal.status, str(refusal))
        except Exception as error:
            return messages.not_applied(command.id, step, FAILED, str(error) or type(error).__name__)
        if effect.undo is not None:
            self._undo[command.id] = effect.undo
        return _answer(occasion, effect, (time.perf_counter() - started) * 1000.0)

    def forget(self) -> None:
        """What was applied cannot be undone any more: the run was rewound to before it, or to beside it."""
        self._undo.clear()

    def _roll_back(self, occasion: Occasion) -> Effect:
        undoes = occasion.command.undoes
        undo = self._undo.get(undoes)
        if undo is None:
            raise NotApplied("%.100s was not applied here, has no opposite, or was undone already" % undoes)
        effect = undo(occasion)
        del self._undo[undoes]
        return effect


def _answer(occasion: Occasion, effect: Effect, hook_millis: float) -> Message:
    command, step = occasion.command, occasion.step
    answer = messages.applied(command.id, step, effect.matrices, hook_millis, effect.measurements)
    if effect.scales is not None:
        answer["learningRateScaleBefore"], answer["learningRateScaleAfter"] = effect.scales
    return answer
