"""The turn of the commands at a step boundary: what is due is carried out, alone or as all ranks agreed."""

import time
from typing import List, Optional, Tuple

from instability_guard import messages
from instability_guard.agreement import Agreement, Verdict, ballot
from instability_guard.application import CommandApplication
from instability_guard.commands import Command, CommandBook
from instability_guard.connection import Connection
from instability_guard.effects import Occasion
from instability_guard.kinds import REWIND_AND_SKIP
from instability_guard.messages import ABANDONED, FAILED, REFUSED, Message
from instability_guard.options import Options
from instability_guard.ranks import RanksLost
from instability_guard.report import Report
from instability_guard.session import Session, SessionLost


class Turn:
    """In a process that trains alone: everything that is due is applied at every boundary."""

    def __init__(
        self,
        options: Options,
        connection: Connection,
        book: CommandBook,
        application: CommandApplication,
        report: Report,
    ) -> None:
        self._options = options
        self._connection = connection
        self._book = book
        self._application = application
        self._report = report

    def is_due(self, step: int) -> bool:
        """Whether anything is to be done at the boundary of `step`."""
        return not self._book.is_idle

    def passes(self, step: int) -> bool:
        """With nothing pending here: whether the turn at the boundary of `step` is over by that, else `__call__` takes it."""
        return True

    def __call__(self, session: Optional[Session], step: int) -> Optional[int]:
        """Passes the boundary of `step`; the step from which the run goes on if it was rewound, else None."""
        self._refuse_if_held(session, step)
        if session is None or self._book.is_idle:
            return None
        self._expire(session, step)
        if step % (self._options.agree_every or 1):
            return None
        budget = self._budget(session) + session.waited_seconds
        for command in self._book.due(step):
            if not self._book.begin(command):
                continue
            deadline = time.monotonic() + max(0.0, budget - session.waited_seconds)
            resumed = self._carry_out(Occasion(session, command, step, deadline))
            if resumed is not None or self._connection.session is not session:
                return resumed
        return None

    def _budget(self, session: Session) -> float:
        """Seconds that all waits of one boundary may take together."""
        return min(self._options.command_timeout, session.command_timeout)

    def _expire(self, session: Session, step: int) -> None:
        for answer in self._book.expire(step):
            session.send(answer)

    def _refuse_if_held(self, session: Optional[Session], step: int) -> None:
        for answer in self._book.refuse_if_held(step):
            if session is not None:
                session.send(answer)

    def _carry_out(self, occasion: Occasion) -> Optional[int]:
        """Settles one command and says so; the step from which the run goes on if it was rewound."""
        session, command, step = occasion.session, occasion.command, occasion.step
        answer = self._book.settle(self._applied(occasion))
        self._report.count("commandWaitsTimedOut", int(answer.get("status") == ABANDONED))
        if self._connection.session is not session:
            return None
        session.send(answer)
        if command.kind != REWIND_AND_SKIP or answer["type"] != "APPLIED":
            return None
        return self._rewound(session, step, int(answer["measurements"]["resumedFromStep"]))

    def _applied(self, occasion: Occasion) -> Message:
        """The answer; a command is settled even when what it called ends the training, or tries to."""
        try:
            return self._application.apply(occasion)
        except (KeyboardInterrupt, SystemExit) as end:
            reason = "%s ended it" % type(end).__name__
            answer = messages.not_applied(occasion.command.id, occasion.step, FAILED, reason)
            occasion.session.send(self._book.settle(answer))
            raise

    def _rewound(self, session: Session, step: int, resumed: int) -> int:
        """The run goes on from `resumed`, as a new generation: what was decided for the old one is void."""
        for answer in self._book.void(step, "the run was rewound to step %d" % resumed):
            session.send(answer)
        self._application.forget()
        self._connection.renew(step)
        return resumed


class SharedTurn(Turn):
    """In a run of several ranks: at every boundary at most one command, and only one that all ranks hold.

    `agreement` None: the ranks never met, for `reason`; everything is refused. The same holds from when they lose each
    other on: no rank acts alone. Training, and telemetry, go on.
    """

    def __init__(
        self,
        options: Options,
        connection: Connection,
        book: CommandBook,
        application: CommandApplication,
        report: Report,
        agreement: Optional[Agreement],
        reason: str = "",
    ) -> None:
        super().__init__(options, connection, book, application, report)
        self._agreement = agreement
        self._reason = reason
        self._given = 0

    def is_due(self, step: int) -> bool:
        """At every boundary where the ranks vote, too."""
        return (self._agreement is not None and step % self._agreement.every == 0) or not self._book.is_idle

    def passes(self, step: int) -> bool:
        """If no rank named a command for this boundary: then this one names none for the next."""
        if self._agreement is None or self._given:
            return False
        try:
            return self._agreement.renew_silence(step)
        except RanksLost as error:
            self._lose(error)
            return False

    def __call__(self, session: Optional[Session], step: int) -> Optional[int]:
        """As for one rank; every rank comes here at every step, whether it has a session or not."""
        agreement = self._agreement
        self._refuse_if_held(session, step)
        if agreement is None:
            self._refuse(session, step, [(each, self._reason) for each in self._book.pending()])
            return None
        if session is not None:
            self._expire(session, step)
        if step % agreement.every:
            return None
        try:
            resumed = self._at_boundary(agreement, session, step)
            boundary = agreement.next_boundary(step if resumed is None else resumed)
            self._given = ballot(next(iter(self._candidates(boundary)), None))
            agreement.cast(boundary, self._given)
            return resumed
        except RanksLost as error:
            self._lose(error)
            return None

    def _lose(self, error: RanksLost) -> None:
        self._agreement = None
        self._reason = "the ranks cannot agree on a command any more: %s" % error
        self._report.warn("training goes on, but no command is applied: %s" % self._reason)

    def _at_boundary(self, agreement: Agreement, session: Optional[Session], step: int) -> Optional[int]:
        verdict = agreement.verdict(step)
        resumed = None
        if verdict.agreed:
            resumed = self._agreed(agreement, verdict.agreed, session, step)
        following = agreement.next_boundary(step)
        due = [each for each in self._book.pending() if each.apply_at_step <= step]
        last = [each for each in due if each.expires_at_step < following]
        self._refuse(session, step, [(each, self._why_not(each, verdict, step)) for each in last])
        return resumed

    def _agreed(self, agreement: Agreement, agreed: int, session: Optional[Session], step: int) -> Optional[int]:
        """Carries out, with all others, what this rank may have lost since it was asked."""
        budget = self._options.command_timeout if session is None else self._budget(session)
        deadline = time.monotonic() + budget
        pact = agreement.pact(agreed, step, budget)
        command = next((each for each in self._book.pending() if ballot(each) == agreed), None)
        resumed = None
        try:
            if command is not None and session is not None and self._book.begin(command):
                resumed = self._carry_out(Occasion(session, command, step, deadline, pact))
        except SessionLost as error:
            self._connection.lost(error)
        finally:
            pact.withdraw()
        if pact.lost:
            raise RanksLost(pact.lost)
        return resumed

    def _candidates(self, boundary: int) -> List[Command]:
        """What this rank could apply then, in an order that is the same on all ranks."""
        due = [each for each in self._book.due(boundary) if boundary <= each.expires_at_step]
        return sorted(due, key=lambda each: (each.decided_at_step, each.id))

    def _why_not(self, command: Command, verdict: Verdict, step: int) -> str:
        why = verdict.reason if ballot(command) == self._given else "it came too late for the ranks to agree on it"
        return "%s by step %d, so nobody applies it" % (why or "another command went before it", step)

    def _refuse(self, session: Optional[Session], step: int, reasons: List[Tuple[Command, str]]) -> None:
        for command, reason in reasons if session is not None else ():
            session.send(self._book.settle(messages.not_applied(command.id, step, REFUSED, reason)))
