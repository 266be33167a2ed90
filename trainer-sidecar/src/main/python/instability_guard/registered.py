"""The kinds that the training loop carries out itself, in functions that it registered."""

import operator
import time
from typing import Any, Callable, Optional

from instability_guard.effects import Effect, NotApplied, Occasion
from instability_guard.messages import FAILED

OnCheckpoint = Callable[[int], Any]
OnRewind = Callable[[int, int, int], int]
OnPause = Callable[[int, str], Any]


class RegisteredFunctions:
    """SAVE_CHECKPOINT, REWIND_AND_SKIP and PAUSE. They take as long as they take, in the thread that trains.

    An `Exception` of a function is its outcome: FAILED, in one line, and training goes on. KeyboardInterrupt and
    SystemExit pass, so that a function may end the training.
    """

    def __init__(
        self, on_checkpoint: Optional[OnCheckpoint], on_rewind: Optional[OnRewind], on_pause: Optional[OnPause]
    ) -> None:
        """See `InstabilityGuard.attach`; None where the loop registered none."""
        self.seconds = 0.0
        """Spent in the functions so far."""
        self._on_checkpoint = on_checkpoint
        self._on_rewind = on_rewind
        self._on_pause = on_pause

    def checkpoint(self, occasion: Occasion) -> Effect:
        """SAVE_CHECKPOINT: on_checkpoint(step)."""
        _, millis = self._call(occasion, "on_checkpoint", self._on_checkpoint, occasion.step)
        return Effect({"checkpointMillis": millis})

    def rewind(self, occasion: Occasion) -> Effect:
        """REWIND_AND_SKIP: on_rewind(step, back_steps, skip_steps), which returns the step resumed from."""
        parameters = occasion.command.parameters
        back, skip = int(parameters["backSteps"]), int(parameters["skipSteps"])
        step, millis = self._call(occasion, "on_rewind", self._on_rewind, occasion.step, back, skip)
        return Effect({"rewindMillis": millis, "resumedFromStep": _earlier(step, occasion.step)})

    def pause(self, occasion: Occasion) -> Effect:
        """PAUSE: on_pause(step, reason)."""
        reason = "the guard asks for a pause (command %s)" % occasion.command.id
        _, millis = self._call(occasion, "on_pause", self._on_pause, occasion.step, reason)
        return Effect({"pauseMillis": millis})

    def _call(self, occasion: Occasion, name: str, function: Optional[Callable[..., Any]], *arguments: Any) -> Any:
        """What the function returns, and its milliseconds."""
        if function is None:
            raise NotApplied("no function is registered for it: attach the guard with %s=..." % name)
        occasion.pact.conclude()
        started = time.perf_counter()
        try:
            result = function(*arguments)
        except Exception as error:
            raise NotApplied("%s raised %s" % (name, one_line(error)), FAILED) from error
        finally:
            spent = time.perf_counter() - started
            self.seconds += spent
        return result, spent * 1000.0


def one_line(error: Exception) -> str:
    """Type and first line of an exception."""
    text = str(error).strip()
    return "%s: %s" % (type(error).__name__, text.splitlines()[0]) if text else type(error).__name__


def _earlier(step: Any, now: int) -> int:
    try:
        resumed = operator.index(step)
    except TypeError:
        resumed = now + 1
    if not -1 <= resumed <= now:
        raise NotApplied("on_rewind returned %.50r, not the step resumed from (-1 to %d)" % (step, now), FAILED)
    return resumed
