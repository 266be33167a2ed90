"""At which steps weights are sampled: as often as the training loop said, or for a while as often as the guard says."""

from typing import Optional, Tuple

from instability_guard.effects import Effect, NotApplied, Occasion
from instability_guard.kinds import FOREVER


class SampleCadence:
    """Samples are due at steps divisible by `every`; SAMPLE_EVERY changes it until a step, or until it comes again."""

    def __init__(self, every: int) -> None:
        """`every`: what holds while no command is in force."""
        self._usual = every
        self._ordered: Optional[Tuple[int, int]] = None

    def is_due(self, step: int) -> bool:
        """Whether step `step` is sampled."""
        return self.next_due(step) == step

    def next_due(self, step: int) -> int:
        """The first step from `step` on that is sampled."""
        every, until_step = self._ordered or (self._usual, FOREVER)
        due = _multiple(every, step)
        return due if until_step == FOREVER or due <= until_step else _multiple(self._usual, max(step, until_step + 1))

    def apply(self, occasion: Occasion) -> Effect:
        """SAMPLE_EVERY: `every` steps from the next one on, up to and including `untilStep`."""
        parameters = occasion.command.parameters
        until_step = int(parameters["untilStep"])
        check_until(until_step, occasion.step)
        occasion.pact.conclude()
        self._ordered = int(parameters["every"]), until_step
        return Effect({"sampleEvery": parameters["every"]})


def _multiple(every: int, step: int) -> int:
    return -(-step // every) * every


def check_until(until_step: int, step: int) -> None:
    """Refuses an order that would end before it begins."""
    if until_step != FOREVER and until_step <= step:
        raise NotApplied("untilStep %d is over: this is step %d" % (until_step, step))
