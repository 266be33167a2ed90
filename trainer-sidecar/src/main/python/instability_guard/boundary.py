"""What happens at a step boundary: read directives, apply what is due, sample, report, keep pace."""

import math
import time
from typing import NamedTuple, Optional

from instability_guard import messages
from instability_guard.commands import CommandBook
from instability_guard.connection import Connection
from instability_guard.effects import Occasion
from instability_guard.interventions import Interventions
from instability_guard.kinds import REWIND_AND_SKIP
from instability_guard.messages import ABANDONED, FAILED, Message, StepReport
from instability_guard.options import Options
from instability_guard.pacing import Pacing
from instability_guard.replacement import copy_to_slots
from instability_guard.report import Report
from instability_guard.scalars import Scalar, ScalarReader
from instability_guard.session import Session, SessionLost
from instability_guard.signals import Signals


class Observed(NamedTuple):
    """What the training loop says of one step; None when it does not."""

    loss: Optional[Scalar]
    gradient_norm: Optional[Scalar]
    max_attention_logit: Optional[Scalar]


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
    ) -> None:
        self.last_step = -1
        self._options = options
        self._signals = signals
        self._matrices = signals.matrices
        self._connection = connection
        self._book = book
        self._interventions = interventions
        self._application = interventions.application
        self._pacing = Pacing(options.lockstep, options.lockstep_timeout, options.min_step_ms, report)
        self._report = report
        self._readers = ScalarReader(), ScalarReader(), ScalarReader()
        self._last_start = math.nan
        self._hook_micros = math.nan
        self._skipped = 0
        self._dropped = 0

    def __call__(self, step: int, observed: Observed) -> None:
        """Passes the boundary of `step`."""
        started = time.perf_counter()
        self._interventions.learning_rate.regrow()
        session = self._connection.attached(self.last_step)
        self.last_step = step
        report = self._reported(step, observed, started)
        self._last_start = started
        waited = 0.0 if session is None else self._converse(session, report)
        self.arm()
        waited += self._pacing.await_next_step()
        self._hook_micros = (time.perf_counter() - started - waited) * 1e6

    def arm(self) -> None:
        """Has the forward passes of the next step watched, if it is to be sampled."""
        following = self.last_step + 1
        if self._connection.session is not None and self._is_sampled(following):
            self._signals.arm(following)
        else:
            self._signals.disarm()

    def _is_sampled(self, step: int) -> bool:
        return bool(self._matrices) and self._interventions.cadence.is_due(step)

    def _reported(self, step: int, observed: Observed, started: float) -> StepReport:
        steps = self._interventions.steps
        believed = observed._replace(gradient_norm=steps.gradient_norm(observed.gradient_norm))
        loss, gradient_norm, max_attention_logit = map(self._read, self._readers, believed)
        omissions = steps.omissions()
        learning_rate, scale = self._interventions.learning_rate.effective()
        return StepReport(
            step,
            loss,
            gradient_norm,
            learning_rate,
            scale,
            max_attention_logit,
            sample=False,
            skipped_samples=self._skipped,
            dropped_messages=self._dropped,
            hook_micros=self._hook_micros,
            step_millis=(started - self._last_start) * 1000.0,
            wait_millis=self._pacing.take_waited() * 1000.0,
            signals={"omissions": omissions} if omissions else {},
        )

    def _read(self, reader: ScalarReader, value: Optional[Scalar]) -> float:
        try:
            return reader.read(value)
        except Exception as error:
            self._report.error(error)
            return math.nan

    def _converse(self, session: Session, report: StepReport) -> float:
        """Everything between hook and sidecar at one boundary; the seconds spent waiting."""
        session.step = report.step
        waited_before = session.waited_seconds + self._interventions.functions.seconds
        try:
            session.pump()
            if not self._pacing.is_lockstep:
                self._apply_due(session, report.step)
            if self._connection.session is session:
                self._send(session, report)
                self._pacing.await_progress(session, report.step)
                if self._pacing.is_lockstep:
                    self._apply_due(session, report.step)
        except SessionLost as error:
            self._connection.lost(error)
        return session.waited_seconds + self._interventions.functions.seconds - waited_before

    def _apply_due(self, session: Session, step: int) -> None:
        if self._book.is_idle:
            return
        for answer in self._book.expire(step):
            session.send(answer)
        if step % self._options.agree_every:
            return
        budget = min(self._options.command_timeout, session.command_timeout) + session.waited_seconds
        for command in self._book.due(step):
            deadline = time.monotonic() + max(0.0, budget - session.waited_seconds)
            answer = self._book.settle(self._carried_out(Occasion(session, command, step, deadline)))
            self._report.count("commandWaitsTimedOut", int(answer.get("status") == ABANDONED))
            if self._connection.session is not session:
                return
            session.send(answer)
            if command.kind == REWIND_AND_SKIP and answer["type"] == "APPLIED":
                self._rewound(session, step, int(answer["measurements"]["resumedFromStep"]))
                return

    def _carried_out(self, occasion: Occasion) -> Message:
        """The answer; a command is settled even when what it called ends the training, or tries to."""
        try:
            return self._application.apply(occasion)
        except (KeyboardInterrupt, SystemExit) as end:
            reason = "%s ended it" % type(end).__name__
            answer = messages.not_applied(occasion.command.id, occasion.step, FAILED, reason)
            occasion.session.send(self._book.settle(answer))
            raise

    def _rewound(self, session: Session, step: int, resumed: int) -> None:
        """The run goes on from `resumed`, as a new generation: what was decided for the old one is void."""
        for answer in self._book.void(step, "the run was rewound to step %d" % resumed):
            session.send(answer)
        self._application.forget()
        self._connection.renew(step)
        self._readers = ScalarReader(), ScalarReader(), ScalarReader()
        self.last_step = resumed
        self._connection.attached(resumed)

    def _send(self, session: Session, report: StepReport) -> None:
        if self._is_sampled(report.step):
            report = self._sampled(session, report)
        if session.send_step(report):
            self._report.count("stepsSent")
            self._report.count("samplesSent", int(report.sample))
            self._skipped = self._dropped = 0
        else:
            self._report.count("messagesDropped")
            self._dropped += 1
            self._skip_sample(int(report.sample))

    def _sampled(self, session: Session, report: StepReport) -> StepReport:
        """The report with the weights copied, or with one more sample skipped."""
        try:
            if session.owns_slots:
                copy_to_slots(self._matrices, session)
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
