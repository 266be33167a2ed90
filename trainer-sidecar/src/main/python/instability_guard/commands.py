"""Commands of the sidecar: checked on receipt, pending until their boundary, settled at most once per id for ever."""

from collections import OrderedDict
from typing import Collection, Dict, List, Mapping, NamedTuple, Optional, Tuple

from instability_guard import messages
from instability_guard.messages import EXPIRED, REFUSED, Message
from instability_guard.report import Report

APPLY_MSIGN = "APPLY_MSIGN"
SCALE_LEARNING_RATE = "SCALE_LEARNING_RATE"

_MAX_PENDING = 256
_MAX_REMEMBERED_REFUSALS = 4096
_HELLO_APPLIED = 256
_MAX_ID = 300


class Command(NamedTuple):
    """A valid command."""

    id: str
    kind: str
    layers: List[str]
    parameters: Mapping[str, float]
    apply_at_step: int
    expires_at_step: int


def parse(message: Message, known_layers: Collection[str]) -> Command:
    """The command in a COMMAND message; `ValueError` says what is wrong with it."""
    command = Command(
        messages.text(message, "id", _MAX_ID),
        messages.text(message, "kind"),
        messages.texts(message, "layers"),
        _parameters(message),
        messages.integer(message, "applyAtStep"),
        messages.integer(message, "expiresAtStep"),
    )
    if command.kind == APPLY_MSIGN:
        _check_layers(command.layers, known_layers)
    elif command.kind == SCALE_LEARNING_RATE:
        _check_learning_rate(command)
    else:
        raise ValueError("this hook does not know %s" % command.kind)
    return command


def _parameters(message: Message) -> Mapping[str, float]:
    parameters = message.get("parameters")
    if not isinstance(parameters, dict):
        raise ValueError("parameters is not an object")
    return {name: messages.number(parameters, name) for name in parameters}


def _check_layers(layers: List[str], known: Collection[str]) -> None:
    if not layers:
        raise ValueError("no layers are named")
    unknown = [layer for layer in layers if layer not in known]
    if unknown:
        raise ValueError("unknown layers: %s" % ", ".join(unknown[:5]))
    if len(set(layers)) < len(layers):
        raise ValueError("a layer is named twice")


def _check_learning_rate(command: Command) -> None:
    if command.layers:
        raise ValueError("layers are named, but the learning rate is the whole model's")
    if not 0.0 < messages.number(dict(command.parameters), "factor") <= 1.0:
        raise ValueError("factor is outside (0, 1]")
    if not 0.0 <= command.parameters.get("floor", 0.0) <= 1.0:
        raise ValueError("floor is outside [0, 1]")
    if command.parameters.get("regrowthPerStep", 1.0) < 1.0:
        raise ValueError("regrowthPerStep is below 1")


class CommandBook:
    """Every command of this attach: pending ones, and the final answer to each settled one.

    It outlives connections. A settled id that is sent again gets its first answer again and has no further effect;
    applied ids are kept for ever, the last 4096 of the others as well.
    """

    def __init__(self, known_layers: Collection[str], report: Report) -> None:
        self._known_layers = known_layers
        self._report = report
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
            command = parse(message, self._known_layers)
            if len(self._pending) >= _MAX_PENDING:
                raise ValueError("%d commands are pending already" % _MAX_PENDING)
        except ValueError as error:
            return self.settle(messages.not_applied(command_id, step, REFUSED, str(error)))
        self._pending[command_id] = command
        return None

    def expire(self, step: int) -> List[Message]:
        """Settles the pending commands whose last step has passed; the answers."""
        late = [command for command in self._pending.values() if step > command.expires_at_step]
        return [self.settle(_expired(command, step)) for command in late]

    def due(self, step: int) -> List[Command]:
        """The pending commands to apply at this boundary, in order of receipt."""
        return [command for command in self._pending.values() if step >= command.apply_at_step]

    def settle(self, answer: Message) -> Message:
        """Makes this the final answer to its command."""
        command_id = answer["id"]
        self._pending.pop(command_id, None)
        if answer["type"] == "APPLIED":
            self._report.count("commandsApplied")
            self._applied[command_id] = answer
            return answer
        self._report.count("commandsNotApplied")
        self._not_applied[command_id] = answer
        if len(self._not_applied) > _MAX_REMEMBERED_REFUSALS:
            self._not_applied.popitem(last=False)
        return answer

    def forget_pending(self) -> None:
        """The connection is gone: what was not settled will be sent again."""
        self._pending.clear()

    @property
    def is_idle(self) -> bool:
        """Nothing is pending."""
        return not self._pending

    def last_applied(self) -> List[Tuple[str, int]]:
        """Id and step of the last 256 applied commands, oldest first."""
        return [(key, answer["step"]) for key, answer in list(self._applied.items())[-_HELLO_APPLIED:]]


def _expired(command: Command, step: int) -> Message:
    reason = "step %d is past the last valid step %d" % (step, command.expires_at_step)
    return messages.not_applied(command.id, step, EXPIRED, reason)
