"""How a run ended: the labels every comparison rests on."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Sequence

SMOOTHING_STEPS = 25
ABSURD_LOSS = 50.0
ABSURD_GRADIENT_NORM = 500.0
DIVERGENCE_MARGIN = 0.6
COLLAPSE_MARGIN = 0.4
SPIKE_WINDOW = 1000
SPIKE_WARM_UP = 50
SPIKE_DEVIATIONS = 7.0


@dataclass(frozen=True)
class Outcome:
    """Labels of one run; a step or loss is None when there is no such number.

    ``gradient_label_step`` is the first step whose task gradient was not finite or had a norm above 500, the label of
    the RKSP paper (arXiv 2602.22988). ``spike_score`` is a percentage.
    """

    diverged: bool
    diverged_at_step: int | None
    collapsed_at_step: int | None
    final_loss: float | None
    spike_score: float
    gradient_label_step: int | None

    @property
    def collapsed(self) -> bool:
        """Whether the run ended well above what it had reached, or was lost."""
        return self.collapsed_at_step is not None


def judge(losses: Sequence[float], gradient_norms: Sequence[float] = (), forgives_transients: bool = False) -> Outcome:
    """Labels a run from its training losses and task-gradient norms, one per step.

    A run diverged when a loss is not finite or above 50 (at the first such step), or when its smoothed loss ends more
    than 0.6 nats above the best smoothed loss seen before (at the first step from which it stayed above). It collapsed
    when it diverged or ended more than 0.4 nats above. The smoothed loss is the mean of the last 25 losses; so is the
    final loss. ``forgives_transients``: such a loss settles the label only where the run ends with it.
    """
    final_loss = mean_of_last(losses)
    absurd = first_absurd(losses, forgives_transients)
    rises = [absurd, absurd]
    if absurd is None:
        usable = without_absurd(losses)
        rises = [start_of_last_rise(usable, margin) for margin in (DIVERGENCE_MARGIN, COLLAPSE_MARGIN)]
    return Outcome(
        rises[0] is not None,
        *rises,
        final_loss,
        spike_score(losses),
        next((step for step, norm in enumerate(gradient_norms) if not norm <= ABSURD_GRADIENT_NORM), None),
    )


def is_absurd(loss: float) -> bool:
    """Whether this one loss settles that the run diverged."""
    return not math.isfinite(loss) or loss > ABSURD_LOSS


def first_absurd(losses: Sequence[float], only_last: bool) -> int | None:
    """The first step of absurd loss; with ``only_last``, the first of the unbroken series that ends the run."""
    if not only_last:
        return next((step for step, loss in enumerate(losses) if is_absurd(loss)), None)
    healthy = next((step for step in reversed(range(len(losses))) if not is_absurd(losses[step])), -1)
    return healthy + 1 if healthy + 1 < len(losses) else None


def without_absurd(losses: Sequence[float]) -> list[float]:
    """The losses with every absurd one replaced by the last that was not."""
    kept: list[float] = []
    for loss in losses:
        kept.append(kept[-1] if is_absurd(loss) and kept else loss)
    return kept


def mean_of_last(losses: Sequence[float]) -> float | None:
    """Mean of the last 25 losses; None when there is none or it is not finite."""
    last = losses[-SMOOTHING_STEPS:]
    mean = sum(last) / len(last) if last else math.nan
    return mean if math.isfinite(mean) else None


def start_of_last_rise(losses: Sequence[float], margin: float) -> int | None:
    """First step since which the smoothed loss has stayed ``margin`` above its best; None when it ends below that."""
    best = math.inf
    start: int | None = None
    for step in range(SMOOTHING_STEPS - 1, len(losses)):
        smoothed = sum(losses[step - SMOOTHING_STEPS + 1 : step + 1]) / SMOOTHING_STEPS
        if smoothed <= best + margin:
            start = None
        elif start is None:
            start = step
        best = min(best, smoothed)
    return start


def spike_score(losses: Sequence[float]) -> float:
    """Percentage of steps whose loss is 7 standard deviations or more from the mean of the 1000 before (OLMo 2).

    Judged from step 50 on, against what there is; a loss that is not finite counts as a spike and is left out of the
    mean. 0 for a shorter run.
    """
    window: deque[float] = deque(maxlen=SPIKE_WINDOW)
    spikes = 0
    for step, loss in enumerate(losses):
        if step >= SPIKE_WARM_UP and _is_spike(loss, window):
            spikes += 1
        if math.isfinite(loss):
            window.append(loss)
    judged = len(losses) - SPIKE_WARM_UP
    return 100.0 * spikes / judged if judged > 0 else 0.0


def _is_spike(loss: float, window: Sequence[float]) -> bool:
    if not math.isfinite(loss) or len(window) < 2:
        return not math.isfinite(loss)
    mean = sum(window) / len(window)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in window) / len(window))
    return loss != mean and abs(loss - mean) >= SPIKE_DEVIATIONS * deviation
