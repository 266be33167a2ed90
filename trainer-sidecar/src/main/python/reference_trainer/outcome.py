"""How a run ended: the label every comparison rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

SMOOTHING_STEPS = 25
ABSURD_LOSS = 50.0
MARGIN = 0.6


@dataclass(frozen=True)
class Outcome:
    """``diverged_at_step`` and ``final_loss`` are None when there is no such number."""

    diverged: bool
    diverged_at_step: int | None
    final_loss: float | None


def judge(losses: Sequence[float]) -> Outcome:
    """Labels a run from its training losses, one per step.

    A run diverged when a loss is not finite or above 50 (at the first such step), or when its smoothed loss ends more
    than 0.6 nats above the best smoothed loss seen before (at the first step from which it stayed above).
    The smoothed loss is the mean of the last 25 losses; so is the final loss.
    """
    final_loss = mean_of_last(losses)
    for step, loss in enumerate(losses):
        if is_absurd(loss):
            return Outcome(True, step, final_loss)
    step = start_of_last_rise(losses)
    return Outcome(step is not None, step, final_loss)


def is_absurd(loss: float) -> bool:
    """Whether this one loss settles that the run diverged."""
    return not math.isfinite(loss) or loss > ABSURD_LOSS


def mean_of_last(losses: Sequence[float]) -> float | None:
    """Mean of the last 25 losses; None when there is none or it is not finite."""
    last = losses[-SMOOTHING_STEPS:]
    mean = sum(last) / len(last) if last else math.nan
    return mean if math.isfinite(mean) else None


def start_of_last_rise(losses: Sequence[float]) -> int | None:
    """First step since which the smoothed loss has stayed 0.6 nats above its best; None when it ends below that."""
    best = math.inf
    start: int | None = None
    for step in range(SMOOTHING_STEPS - 1, len(losses)):
        smoothed = sum(losses[step - SMOOTHING_STEPS + 1 : step + 1]) / SMOOTHING_STEPS
        if smoothed <= best + MARGIN:
            start = None
        elif start is None:
            start = step
        best = min(best, smoothed)
    return start
