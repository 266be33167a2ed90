"""What carrying out one command needs and yields: the words between `CommandApplication` and the interventions."""

from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

from instability_guard.commands import Command
from instability_guard.messages import REFUSED
from instability_guard.session import Session


class NotApplied(Exception):
    """The command was not carried out and nothing was changed; the message says why and, where it can, what to do."""

    def __init__(self, reason: str, status: str = REFUSED) -> None:
        """`status`: REFUSED, ABANDONED or FAILED."""
        super().__init__(reason)
        self.status = status


class Pact:
    """The word to do it. A process alone needs nobody else's; see `instability_guard.agreement` for those of many."""

    def conclude(self) -> None:
        """Called right before anything is changed: what follows must not fail. `NotApplied` when it is not to be."""


ALONE = Pact()


class Occasion(NamedTuple):
    """One command at one boundary; waits for the sidecar end at `deadline` (of `time.monotonic()`)."""

    session: Session
    command: Command
    step: int
    deadline: float
    pact: Pact = ALONE


class Effect(NamedTuple):
    """What was done: measurements by name, indices of replaced matrices, the learning-rate scale before and after.

    `undo` does the opposite, once, on a later occasion; None where there is no opposite.
    """

    measurements: Mapping[str, float]
    matrices: Sequence[int] = ()
    scales: Optional[Tuple[float, float]] = None
    undo: "Optional[Intervention]" = None


Intervention = Callable[[Occasion], Effect]
"""Carries one kind of command out; raises `NotApplied`, or any other error, with everything as it was."""

Part = TypeVar("Part")


def named(layers: Sequence[str], parts: Mapping[str, Part], noun: str) -> List[Part]:
    """The parts of the model that a command names, or all when it names none."""
    unknown = [layer for layer in layers if layer not in parts]
    if unknown:
        raise NotApplied("no %s: %s" % (noun, ", ".join(unknown[:5])))
    return [parts[layer] for layer in layers or parts]
