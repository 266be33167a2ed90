"""Waiting on purpose, for demo and evaluation only: toy steps take milliseconds where real ones take hundreds."""

import time
from typing import Optional

from instability_guard.report import Report
from instability_guard.session import Session

_RUN_OUT_BEFORE_SUSPENSION = 10


class Pacing:
    """Lockstep (wait until the topology has consumed step t - lag) and a minimum time between steps.

    A lockstep wait that runs out is counted. After ten in a row lockstep is suspended until the guard catches up: a
    broker that is gone for good costs ten timeouts, not one at every step.
    """

    def __init__(
        self, lockstep: Optional[int], lockstep_timeout: float, min_step_ms: Optional[float], report: Report
    ) -> None:
        self.is_lockstep = lockstep is not None
        """Whether a step waits for decisions: commands are then applied after the wait, so that runs repeat exactly."""
        self.is_on = self.is_lockstep or bool(min_step_ms)
        """Whether anything is ever waited for."""
        self._lag = lockstep
        self._timeout = lockstep_timeout
        self._min_step = (min_step_ms or 0.0) / 1000.0
        self._report = report
        self._run_out = 0
        self._last_end = float("-inf")
        self._waited_seconds = 0.0

    def await_progress(self, session: Session, step: int) -> None:
        """Waits, bounded, until the topology has consumed step - lag."""
        if self._lag is None:
            return
        target = step - self._lag
        if session.is_confirmed(target):
            self._run_out = 0
            return
        if self._run_out >= _RUN_OUT_BEFORE_SUSPENSION:
            return
        if self._waits_well(session, target):
            self._run_out = 0
            return
        self._run_out += 1
        self._report.count("lockstepWaitsTimedOut")
        self._report.warn("the guard did not keep up with lockstep: a wait ran out after %g s" % self._timeout)

    def await_next_step(self) -> float:
        """Sleeps until the minimum time since the last call has passed; the seconds slept."""
        if not self._min_step:
            return 0.0
        now = time.monotonic()
        pause = max(0.0, self._last_end + self._min_step - now)
        if pause:
            time.sleep(pause)
        self._last_end = now + pause
        self._waited_seconds += pause
        return pause

    def take_waited(self) -> float:
        """The seconds waited since the last call of this."""
        waited, self._waited_seconds = self._waited_seconds, 0.0
        return waited

    def _waits_well(self, session: Session, target: int) -> bool:
        before = session.waited_seconds
        try:
            return session.wait_until(lambda: session.is_confirmed(target), time.monotonic() + self._timeout)
        finally:
            self._waited_seconds += session.waited_seconds - before
