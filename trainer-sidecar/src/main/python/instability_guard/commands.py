"""Commands of the sidecar: checked on receipt, pending until their boundary, settled at most once per id for ever."""

from collections import OrderedDict
from typing import Container, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from instability_guard import kinds, messages
from instability_guard.kinds import KINDS, Kind
from instability_guard.matrices import TrackedMatrix
from instability_guard.messages import ABANDONED, EXPIRED, REFUSED, Message
from instability_guard.mirrors import Mirroring
from instability_guard.report import Report

_MAX_PENDING = 256
_MAX_REMEMBERED_REFUSALS = 4096
_HELLO_APPLIED = 256
_MAX_ID = 300
_LONGEST_REASON = 200


class Command(NamedTuple):
    """A valid command, with every parameter of its kind."""

    id: str
    kind: str
    layers: List[str]
    parameters: Mapping[str, float]
    decided_at_step: int
    apply_at_step: int
    expires_at_step: int
    undoes: str = ""


def parse(message: Message, matrices: Mapping[str, TrackedMatrix], elsewhere: Container[str] = ()) -> Command:
    """The command in a COMMAND message; `ValueError` says what is wrong with it."""
    kind = messages.text(message, "kind")
    if kind not in KINDS:
        raise ValueError("this hook does not know %s" % kind)
    command = Command(
        messages.text(message, "id", _MAX_ID),
        kind,
        messages.texts(message, "layers"),
        KINDS[kind].values(messages.mapping(message, "parameters")),
        messages.integer(message, "decidedAtStep"),
        messages.integer(message, "applyAtStep"),
        messages.integer(message, "expiresAtStep"),
        messages.text(message, "undoes", _MAX_ID) if "undoes" in message else "",
    )
    _check_layers(command, KINDS[kind], matrices, elsewhere)
    if kind == kinds.ROLL_BACK and not command.undoes:
        raise ValueError("undoes names no command")
    return command


def _check_layers(
    command: Command, kind: Kind, matrices: Mapping[str, TrackedMatrix], elsewhere: Container[str]
) -> None:
    layers = command.layers
    if len(set(layers)) < len(layers):
        raise ValueError("a layer is named twice")
    if layers and kind.layers == kinds.NOTHING:
        raise ValueError("layers are named, but %s is for the whole model" % command.kind)
    if kind.layers != kinds.WEIGHTS:
        return
    if not layers:
        raise ValueError("no layers are named")
    unknown = [layer for layer in layers if layer not in matrices and layer not in elsewhere]
    if unknown:
        raise ValueError("unknown layers: %s" % ", ".join(unknown[:5]))
    _check_roles([matrices[layer] for layer in layers if layer in matrices], kind)


def _check_roles(chosen: Sequence[TrackedMatrix], kind: Kind) -> None:
    unfit = ["%s is %s" % (matrix.name, matrix.role) for matrix in chosen if matrix.role not in kind.layer_roles]
    if unfit:
        raise ValueError("layers must be %s: %s" % (", ".join(sorted(kind.layer_roles)), "; ".join(unfit[:5])))
    if kind.is_paired:
        blocks = [{matrix.depth for matrix in chosen if matrix.role == role} for role in sorted(kind.layer_roles)]
        if any(other != blocks[0] for other in blocks):
            raise ValueError("%s must be named in pairs" % " and ".join(sorted(kind.layer_roles)))


class CommandBook:
    """Every command of this attach: pending ones, and the final answer to each settled one.

    It outlives connections. A settled id that is sent again gets its first answer again and has no further effect;
    applied ids are kept for ever, the last 4096 of the others as well.
    """

    def __init__(
        self,
        matrices: Sequence[TrackedMatrix],
        report: Report,
        lag: int = 0,
        elsewhere: Container[str] = (),
        mirroring: Optional[Mirroring] = None,
    ) -> None:
        """`elsewhere`: names of layers that other ranks of the run may hold; it is for those to check them."""
        self._mirroring = mirroring or Mirroring(None, report)
        self._matrices = {matrix.name: matrix for matrix in matrices}
        self._elsewhere = elsewhere
        self._lag = lag
        self._report = report
        self.held = ""
        """Why the training program holds its run itself; empty while it does not."""
        self._was_held = ""
        self._underway = ""
        self._pending: Dict[str, Command] = {}
        self._applied: Dict[str, Message] = {}
        self._not_applied: "OrderedDict[str, Message]" = OrderedDict()

    def receive(self, message: Message, step: int) -> Optional[Message]:
        """Takes a COMMAND in; the answer, when it is settled already or refused now. `ValueError`: it has no id."""
        command_id = messages.text(message, "id", _MAX_ID)
        settled = self._applied.get(command_id) or self._not_applied.get(command_id)
        if settled or command_id in self._pending:
            return settled
        try:
            if self.held:
                raise ValueError(_held_by_trainer(self.held))
            command = parse(message, self._matrices, self._elsewhere)
            if len(self._pending) >= _MAX_PENDING:
                raise ValueError("%d commands are pending already" % _MAX_PENDING)
        except ValueError as error:
            return self.settle(messages.not_applied(command_id, step, REFUSED, str(error)))
        self._pending[command_id] = command
        return None

    def cancel(self, message: Message, step: int) -> Optional[Message]:
        """Takes a CANCEL in; what becomes of the command, None when it is being carried out and will tell."""
        command_id = messages.text(message, "id", _MAX_ID)
        reason = messages.text(message, "reason")
        if command_id == self._underway:
            return None
        settled = self._applied.get(command_id) or self._not_applied.get(command_id)
        return settled or self.settle(messages.not_applied(command_id, step, REFUSED, reason))

    def begin(self, command: Command) -> bool:
        """Whether the command is still to be carried out; from now on it cannot be cancelled."""
        if command.id not in self._pending:
            return False
        self._underway = command.id
        return True

    def hold(self, reason: str) -> None:
        """The training program takes its run for itself."""
        self.held = reason[:_LONGEST_REASON].strip() or "no reason given"

    def release(self) -> None:
        """The training program gives its run back; what was commanded before that is refused all the same."""
        self._was_held = self.held or self._was_held
        self.held = ""

    def refuse_if_held(self, step: int) -> List[Message]:
        """Settles every pending command if the training program holds its run, or did since the last step."""
        reason, self._was_held = self.held or self._was_held, ""
        return self.void(step, _held_by_trainer(reason), REFUSED) if reason else []

    def expire(self, step: int) -> List[Message]:
        """Settles the pending commands whose last step has passed; the answers."""
        late = [command for command in self._pending.values() if step > command.expires_at_step]
        return [self.settle(_expired(command, step)) for command in late]

    def due(self, step: int) -> List[Command]:
        """The pending commands to apply at this boundary, in order of receipt; in lockstep none before its full lag."""
        return [
            command
            for command in self._pending.values()
            if step >= max(command.apply_at_step, command.decided_at_step + self._lag)
        ]

    def pending(self) -> List[Command]:
        """What is not settled yet, in order of receipt."""
        return list(self._pending.values())

    def settle(self, answer: Message) -> Message:
        """Makes this the final answer to its command."""
        command_id = answer["id"]
        command = self._pending.pop(command_id, None)
        self._mirroring.settled(command.kind if command else "", answer)
        if command_id == self._underway:
            self._underway = ""
        if answer["type"] == "APPLIED":
            self._report.count("commandsApplied")
            self._applied[command_id] = answer
            return answer
        self._report.count("commandsNotApplied")
        self._not_applied[command_id] = answer
        if len(self._not_applied) > _MAX_REMEMBERED_REFUSALS:
            self._not_applied.popitem(last=False)
        return answer

    def void(self, step: int, reason: str, status: str = ABANDONED) -> List[Message]:
        """Settles every pending command without effect; the answers."""
        return [self.settle(messages.not_applied(each, step, status, reason)) for each in list(self._pending)]

    def forget_pending(self) -> None:
        """The connection is gone: what was not settled will be sent again."""
        self._pending.clear()
        self._underway = ""

    @property
    def is_idle(self) -> bool:
        """Nothing is pending, and the training program does not hold its run."""
        return not (self._pending or self.held or self._was_held)

    def last_applied(self) -> List[Tuple[str, int]]:
        """Id and step of the last 256 applied commands, oldest first."""
        return [(key, answer["step"]) for key, answer in list(self._applied.items())[-_HELLO_APPLIED:]]


def _held_by_trainer(reason: str) -> str:
    return "held by trainer: %s" % reason


def _expired(command: Command, step: int) -> Message:
    reason = "step %d is past the last valid step %d" % (step, command.expires_at_step)
    return messages.not_applied(command.id, step, EXPIRED, reason)
