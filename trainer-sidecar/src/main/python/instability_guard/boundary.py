"""What happens at a step boundary: read directives, apply what is due, sample, report, keep pace."""

import math
import time
from typing import NamedTuple, Optional, Tuple

from instability_guard.agreement import Agreement
from instability_guard.commands import CommandBook
from instability_guard.connection import Connection
from instability_guard.interventions import Interventions
from instability_guard.membership import Membership
from instability_guard.messages import PLAIN_FRAME, PLAIN_PREFIX, StepReport
from instability_guard.mirrors import Mirroring
from instability_guard.options import Options
from instability_guard.pacing import Pacing
from instability_guard.replacement import copy_to_slots
from instability_guard.report import Report
from instability_guard.scalars import Scalar, ScalarReader
from instability_guard.session import Session, SessionLost
from instability_guard.sharded_samples import ShardedSamples
from instability_guard.sharding import is_sharded
from instability_guard.signals import Signals
from instability_guard.turn import SharedTurn, Turn


Scalars = Tuple[Optional[Scalar], Optional[Scalar], Optional[Scalar]]
"""Loss, gradient norm and largest attention logit of a step; None for what the training loop does not say."""

_NEVER = 1 << 62


class _Readers(NamedTuple):
    loss: ScalarReader
    gradient_norm: ScalarReader
    max_attention_logit: ScalarReader


def _fresh_readers() -> _Readers:
    return _Readers(ScalarReader(), ScalarReader(), ScalarReader())


class Boundary:
    """Passes one step boundary after the other. `last_step` is the last one passed, -1 at first."""

    def __init__(
        self,
        options: Options,
        signals: Signals,
        connection: Connection,
        book: CommandBook,
        interventions: Interventions,
        report: Report,
        membership: Membership,
        mirroring: Mirroring,
    ) -> None:
        self.last_step = -1
        self._mirroring = mirroring
        self._options = options
        self._signals = signals
        self._plain = [matrix for matrix in signals.matrices if not is_sharded(matrix.parameter)]
        self._connection = connection
        self._book = book
        self._interventions = interventions
        self._turn = _turn(options, connection, book, interventions, report, membership)
        self._sharded = ShardedSamples(membership.ranks, membership.sharded, options.command_timeout)
        self._has_samples = bool(signals.matrices or self._sharded.exist)
        self._pacing = Pacing(options.lockstep, options.lockstep_timeout, options.min_step_ms, report)
        self._listens_every = options.agree_every or 1
        self._has_more = self._pacing.is_on or mirroring.is_on
        self._ordinary_before = -1  # from here on a step may be sampled, or be the last before one that is
        self._report = report
        self._readers = _fresh_readers()
        self._last_start = math.nan
        self._hook_micros = math.nan
        self._skipped = 0
        self._dropped = 0

    def __call__(self, step: int, scalars: Scalars) -> None:
        """Passes the boundary of `step`."""
        started = time.perf_counter()
        if not self._passed_at_once(step, scalars, started):
            self._pass(step, scalars, started)

    def _passed_at_once(self, step: int, scalars: Scalars, started: float) -> bool:
        """Passes a boundary at which there is nothing to do but to tell numbers, as at nearly all; False: there is more.

        It tells what `_pass` would, in one function: each call costs microseconds where the training step has emptied
        the processor's caches. The sidecar is listened to only where a command could be applied or agreed on.
        """
        session = self._connection.session
        if (
            session is None
            or self._has_more
            or not (self.last_step < step < self._ordinary_before and self._book.is_idle)
        ):
            return False
        loss, norm, logit = scalars
        logit = math.nan if logit is None else logit
        if type(loss) is not float or type(norm) is not float or type(logit) is not float:
            return False
        rates, steps = self._interventions.learning_rate, self._interventions.steps
        if rates.scale < 1.0 or self._skipped or self._dropped or not steps.is_ordinary:
            return False
        if step % self._listens_every == 0 and (session.has_news() or not self._turn.passes(step)):
            return False
        steps.told(norm)
        millis = (started - self._last_start) * 1000.0
        numbers = step, loss, norm, *rates.effective(), logit, 0, 0, self._hook_micros, millis, 0.0
        if session.send_plain(step, PLAIN_FRAME.pack(*PLAIN_PREFIX, *numbers)):
            self._report.counts["stepsSent"] += 1
        else:
            self._note_dropped()
        self.last_step = step
        self._last_start = started
        self._hook_micros = (time.perf_counter() - started) * 1e6
        return True

    def _pass(self, step: int, scalars: Scalars, started: float) -> None:
        if self._interventions.learning_rate.scale < 1.0:
            self._interventions.learning_rate.regrow()
        session = self._connection.session or self._attached()
        self.last_step = step
        report = self._reported(step, scalars, started)
        self._last_start = started
        waited = self._converse(session, report)
        self._mirroring.step(report)
        self.arm()
        if self._pacing.is_on:
            waited += self._pacing.await_next_step()
        self._hook_micros = (time.perf_counter() - started - waited) * 1e6

    def arm(self) -> None:
        """Has the forward passes of the next step watched, if it is to be sampled."""
        following = self.last_step + 1
        sample = self._interventions.cadence.next_due(following) if self._has_samples else _NEVER
        self._ordinary_before = sample - 1
        if self._connection.session is not None and sample == following:
            self._signals.arm(following)
        elif self._signals.is_armed:
            self._signals.disarm()

    def _is_sampled(self, step: int) -> bool:
        return self._has_samples and self._interventions.cadence.is_due(step)

    def _reported(self, step: int, scalars: Scalars, started: float) -> StepReport:
        readers = self._readers
        loss, norm, logit = scalars
        norm, omissions = self._interventions.steps.told(norm)
        learning_rate, scale = self._interventions.learning_rate.effective()
        return StepReport(
            step,
            loss if type(loss) is float else self._read(readers.loss, loss),
            norm if type(norm) is float else self._read(readers.gradient_norm, norm),
            learning_rate,
            scale,
            logit if type(logit) is float else self._read(readers.max_attention_logit, logit),
            False,
            self._skipped,
            self._dropped,
            self._hook_micros,
            (started - self._last_start) * 1000.0,
            self._pacing.take_waited() * 1000.0 if self._pacing.is_on else 0.0,
            {"omissions": omissions} if omissions else {},
        )

    def _read(self, reader: ScalarReader, value: Optional[Scalar]) -> float:
        try:
            return reader.read(value)
        except Exception as error:
            self._report.error(error)
            return math.nan

    def _attached(self) -> Optional[Session]:
        """The session; whatever goes wrong on the way to one, the other ranks meet this one all the same."""
        try:
            return self._connection.attached(self.last_step)
        except (OSError, ValueError) as error:
            self._report.error(error)
            return None

    def _converse(self, session: Optional[Session], report: StepReport) -> float:
        """Everything between hook, sidecar and the other ranks at one boundary; the seconds spent waiting."""
        before = 0.0 if session is None else session.waited_seconds
        functions = self._interventions.functions.seconds
        present = self._present(session, report.step)
        if not self._pacing.is_lockstep and self._turn.is_due(report.step):
            present = self._take_turn(present, report.step)
        self._send(present, report)
        if self._pacing.is_lockstep:
            self._take_turn(self._in_pace(present, report.step), report.step)
        waited = 0.0 if session is None else session.waited_seconds - before
        return waited + self._interventions.functions.seconds - functions

    def _present(self, session: Optional[Session], step: int) -> Optional[Session]:
        """The session, with its messages read; None when there is none any more."""
        if session is None:
            return None
        session.step = step
        try:
            session.pump()
            return session
        except SessionLost as error:
            self._connection.lost(error)
            return None

    def _in_pace(self, session: Optional[Session], step: int) -> Optional[Session]:
        """The session, once the guard has kept up; None when it is lost meanwhile."""
        if session is None:
            return None
        try:
            self._pacing.await_progress(session, step)
            return session
        except SessionLost as error:
            self._connection.lost(error)
            return None

    def _take_turn(self, session: Optional[Session], step: int) -> Optional[Session]:
        """Applies what is due; the session, unless it ended meanwhile."""
        try:
            resumed = self._turn(session, step)
        except SessionLost as error:
            self._connection.lost(error)
            return None
        if resumed is not None:
            self._readers = _fresh_readers()
            self.last_step = resumed
            self._connection.attached(resumed)
        return session if self._connection.session is session else None

    def _send(self, session: Optional[Session], report: StepReport) -> None:
        if self._is_sampled(report.step):
            report = self._sampled(session, report)
        if session is None:
            return
        if self._book.held:
            report = report._replace(signals={**report.signals, "held": self._book.held})
        if session.send_step(report):
            self._report.count("stepsSent")
            self._report.count("samplesSent", int(report.sample))
            self._skipped = self._dropped = 0
        else:
            self._note_dropped()
            self._skip_sample(int(report.sample))

    def _note_dropped(self) -> None:
        self._report.count("messagesDropped")
        self._dropped += 1

    def _sampled(self, session: Optional[Session], report: StepReport) -> StepReport:
        """The report with the weights copied, or with one more sample skipped."""
        slots = session.staging.slots if session is not None and session.owns_slots else None
        is_whole = self._sharded.collect(slots)
        if session is None:
            return report
        try:
            if slots is not None and is_whole:
                copy_to_slots(self._plain, session)
                signals = self._signals.stage(report.step, session.staging.slots)
                signals["omissions"] += report.signals.get("omissions", [])
                return report._replace(sample=True, signals=signals)
        except (RuntimeError, ValueError) as error:
            self._report.error(error)
        self._skip_sample(1)
        return report._replace(skipped_samples=self._skipped)

    def _skip_sample(self, by: int) -> None:
        self._skipped += by
        self._report.count("samplesSkipped", by)


def _turn(
    options: Options,
    connection: Connection,
    book: CommandBook,
    interventions: Interventions,
    report: Report,
    membership: Membership,
) -> Turn:
    application = interventions.application
    if options.world_size == 1:
        return Turn(options, connection, book, application, report)
    agreement = None
    if membership.ranks is not None:
        agreement = Agreement(membership.ranks, options.agree_every or 1, options.command_timeout)
    return SharedTurn(options, connection, book, application, report, agreement, membership.reason)
