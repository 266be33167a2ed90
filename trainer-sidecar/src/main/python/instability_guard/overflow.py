"""Optimizer steps that a loss scaler leaves out, because gradients have overflowed in half precision."""

import math

from instability_guard.messages import StepReport

_MOST_IN_A_ROW = 20


class Overflows:
    """Tells the ordinary overflow from the end of a run: neither its gradient norm nor its step means anything.

    Such a step is not reported; the next one says that it was left out. A scaler halves its scale at every overflow, so
    that more than twenty in a row are no matter of scale any more, and are reported as they are.
    """

    def __init__(self) -> None:
        self._before = False
        self._in_a_row = 0
        self._untold = 0

    def hides(self, report: StepReport, was_skipped: bool) -> bool:
        """Whether this step is to be left out; `was_skipped`: no optimizer stepped.

        A norm that was still on its way from the device is that of the step before.
        """
        is_overflow = not math.isfinite(report.gradient_norm) and (was_skipped or self._before)
        self._before = was_skipped
        self._in_a_row = self._in_a_row + 1 if is_overflow else 0
        hides = is_overflow and self._in_a_row <= _MOST_IN_A_ROW
        self._untold += int(hides)
        return hides

    def told(self, report: StepReport) -> StepReport:
        """The report, with what is to be said about steps before it."""
        if not self._untold:
            return report
        line = "step: %d left out before this one: gradients overflowed and the loss scaler skipped" % self._untold
        self._untold = 0
        return report._replace(signals=dict(report.signals, omissions=[line, *report.signals.get("omissions", ())]))
