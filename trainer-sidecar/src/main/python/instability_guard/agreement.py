"""How several ranks carry out the same command at the same step, or none does.

Commands are applied at boundaries, steps divisible by `agree_every`. At each boundary every rank says, in one tiny
all-reduce, which command it holds for the next one, and goes on; the answer is there when that boundary comes, because
in the steps between the training itself has brought all ranks past this one. So no rank waits for another in an
ordinary step, however long one of them took to save a checkpoint, and none waits for Kafka or its sidecar.

Only when all named the same command does more follow: a `Pact`, in which every rank says when it is ready and the word
to do it is settled once for all. A rank without a sidecar names no command, and so nobody applies one.
"""

import json
import time
from typing import Callable, List, NamedTuple, Optional, Sequence

from instability_guard.commands import Command
from instability_guard.effects import NotApplied, Pact
from instability_guard.fingerprint import fingerprint
from instability_guard.messages import ABANDONED
from instability_guard.ranks import Pending, Ranks, RanksLost

_VOTE, _READY, _SHARE = range(3)
_PHASES = 3
_NOBODY = -1
_DO, _LEAVE = "do", "leave"


def ballot(command: Optional[Command]) -> int:
    """A command in 62 bits, everything that it says included; 0 for none."""
    if command is None:
        return 0
    return fingerprint(json.dumps(command, sort_keys=True).encode()) or 1


class Verdict(NamedTuple):
    """`agreed`: the ballot that all gave for this boundary, 0 for none; else `reason` says why a command was not it."""

    agreed: int
    reason: str = ""


class Agreement:
    """The votes of one rank on one boundary after the other."""

    def __init__(self, ranks: Ranks, every: int, timeout: float) -> None:
        """`timeout`: seconds that may be waited for a vote that should long be there."""
        self.every = every
        self._ranks = ranks
        self._timeout = timeout
        self._pending: Optional[Pending] = None
        self._boundary = -1

    def next_boundary(self, step: int) -> int:
        """The first boundary after `step`."""
        return (step // self.every + 1) * self.every

    def cast(self, boundary: int, given: int) -> None:
        """Gives this rank's ballot for a boundary to come."""
        lacking = _NOBODY if given else self._ranks.rank
        self._boundary = boundary
        self._pending = self._ranks.begin(_mark(boundary, _VOTE), [given, -given, lacking])

    def renew_silence(self, step: int) -> bool:
        """Whether all ranks gave nothing for this boundary; then this one gives nothing for the next. May `RanksLost`."""
        if self._pending is None or self._boundary != step:
            return False
        most, least, _ = self._pending.result(time.monotonic() + self._timeout)
        if most or least:
            return False
        self.cast(step + self.every, 0)
        return True

    def verdict(self, step: int) -> Verdict:
        """What was agreed on for this step; `RanksLost` when that cannot be known."""
        pending, self._pending = self._pending, None
        if pending is None:
            return Verdict(0, "the ranks had not voted yet")
        most, least, lacking = pending.result(time.monotonic() + self._timeout)
        if self._boundary != step:
            return Verdict(0, "the ranks had voted on step %d" % self._boundary)
        if most == -least:
            return Verdict(most)
        if lacking != _NOBODY:
            return Verdict(0, "rank %d does not hold it" % lacking)
        return Verdict(0, "the ranks hold different commands")

    def pact(self, agreed: int, step: int, patience: float) -> "SharedPact":
        """The carrying out of the command that was agreed on."""
        return SharedPact(self._ranks, "%x" % agreed, step, patience)


class SharedPact(Pact):
    """All ranks carry one command out, or none does.

    The last word is not a message, which one rank may get and another miss, but an entry in the store where the ranks
    met: it is settled by whoever comes first, as "do" by a rank that saw all of them ready, as "leave" by one that
    waited in vain, and all others follow it.
    """

    def __init__(self, ranks: Ranks, command: str, step: int, patience: float) -> None:
        """`command`: by which all ranks name it alike; `patience`: seconds that all waits may take together."""
        self.lost = ""
        """Why the ranks do not hear each other any more; empty while they do."""
        self._ranks = ranks
        self._command = command
        self._step = step
        self._patience = patience
        self._deadline = time.monotonic() + patience
        self._is_over = False

    def gather(self) -> None:
        """Returns when every rank got this far; `NotApplied` when one cannot."""
        self._await_all(_NOBODY)

    def share(self, numbers: Sequence[int]) -> List[int]:
        """The largest of each of the numbers that the ranks give, once every rank got this far."""
        self.gather()
        try:
            return self._ranks.largest(_mark(self._step, _SHARE), numbers, self._deadline)
        except RanksLost as error:
            raise self._broken(error) from None

    def transfer(self, exchange: Callable[[Ranks, float], None]) -> None:
        """Has the ranks exchange tensors until the deadline."""
        try:
            exchange(self._ranks, self._deadline)
        except RanksLost as error:
            raise self._broken(error) from None

    def conclude(self) -> None:
        """Returns when every rank carries the command out; `NotApplied` when none does."""
        question = "command/%d/%s" % (self._step, self._command)
        try:
            self.gather()
        except NotApplied as refusal:
            if not self.lost or self._settled(question, _LEAVE) == _LEAVE:
                raise refusal
        else:
            if self._settled(question, _DO) != _DO:
                raise NotApplied("a rank had given up waiting", ABANDONED)
        self._is_over = True

    def withdraw(self) -> None:
        """Tells the others that this rank cannot, unless that is clear already."""
        if not self._is_over:
            try:
                self._await_all(self._ranks.rank)
            except NotApplied:
                return

    def afterwards(self, numbers: Sequence[int]) -> List[int]:
        """As `share`, of what was carried out: `NotApplied` only says that nobody knows."""
        self._deadline = time.monotonic() + self._patience
        try:
            return self._ranks.largest(_mark(self._step, _SHARE), numbers, self._deadline)
        except RanksLost as error:
            raise self._broken(error) from None

    def _await_all(self, unready: int) -> None:
        try:
            unready = self._ranks.largest(_mark(self._step, _READY), [unready], self._deadline)[0]
        except RanksLost as error:
            raise self._broken(error) from None
        if unready != _NOBODY:
            self._is_over = True
            raise NotApplied("rank %d could not do it, so nobody does" % unready, ABANDONED)

    def _settled(self, question: str, answer: str) -> str:
        try:
            return self._ranks.settle(question, answer)
        except RanksLost as error:
            raise self._broken(error) from None

    def _broken(self, error: RanksLost) -> NotApplied:
        self.lost = str(error)
        self._is_over = True
        return NotApplied("the ranks lost each other: %s" % error, ABANDONED)


def _mark(step: int, phase: int) -> int:
    return step * _PHASES + phase
