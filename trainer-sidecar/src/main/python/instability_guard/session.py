"""One connection to the sidecar: its messages, and whose the staging slots are."""

import time
from collections import deque
from typing import Callable, Deque, Dict, List, Optional, Tuple, Union

from instability_guard import messages
from instability_guard.channel import Channel, ChannelLost
from instability_guard.commands import CommandBook
from instability_guard.device_staging import DeviceStaging
from instability_guard.messages import Message, StepReport
from instability_guard.report import Report
from instability_guard.staging import StagingFile

_REMEMBERED_STEPS = 10_000


class SessionLost(Exception):
    """The session is over; `refused` when the sidecar said that it wants none."""

    def __init__(self, reason: str, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Session:
    """Reads the sidecar's messages and keeps track of who owns the slots.

    The slots are the hook's, but lent to the sidecar from a sampled STEP until its SAMPLED, and from APPLY until its
    READY or REJECT. Waiting here is bounded by the caller's deadline and added up in `waited_seconds`.
    """

    def __init__(
        self,
        channel: Channel,
        staging: StagingFile,
        book: CommandBook,
        report: Report,
        offered: Optional[DeviceStaging] = None,
    ) -> None:
        """`offered`: slots on the device that HELLO offers; until WELCOME accepts them or not, no slot is used."""
        self.staging = staging
        self._offered = offered
        self.command_timeout = float("inf")
        self.is_welcome = False
        self.is_overdue = False
        self.waited_seconds = 0.0
        self.step = -1
        self._channel = channel
        self._book = book
        self._report = report
        self._lent: Optional[Tuple[str, Union[int, str]]] = None
        self._answer: Optional[Message] = None
        self._unconfirmed: Deque[int] = deque(maxlen=_REMEMBERED_STEPS)
        self._handlers: Dict[str, Callable[[Message], None]] = {
            "WELCOME": self._on_welcome,
            "REFUSED": self._on_refused,
            "SAMPLED": self._on_sampled,
            "COMMAND": self._on_command,
            "CANCEL": self._on_cancel,
            "READY": self._on_answer,
            "REJECT": self._on_answer,
            "PROGRESS": self._on_progress,
        }

    @property
    def owns_slots(self) -> bool:
        """Whether the hook may write into the slots."""
        return self._lent is None and (self._offered is None or self.is_welcome)

    def has_news(self) -> bool:
        """Whether `pump` would find anything."""
        return self._channel.has_news()

    def pump(self) -> None:
        """Handles the messages that are there; `SessionLost` at the end of the connection."""
        try:
            payloads = self._channel.receive()
        except ChannelLost as error:
            raise SessionLost(str(error)) from None
        for payload in payloads:
            try:
                self._handle(messages.decode(payload))
            except ValueError as error:
                self._report.malformed(error)

    def wait_until(self, condition: Callable[[], bool], deadline: float) -> bool:
        """Handles messages until `condition` holds (True) or `time.monotonic()` passes `deadline` (False)."""
        started = time.monotonic()
        try:
            while True:
                self.pump()
                if condition():
                    return True
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._channel.wait(remaining)
        finally:
            self.waited_seconds += time.monotonic() - started

    def send(self, message: Message) -> None:
        """Sends a message that is not to be dropped."""
        if not self._channel.send(messages.encode(message)):
            self._report.count("messagesDropped")

    def send_step(self, report: StepReport) -> bool:
        """Sends STEP and, with a sample, lends the slots; False when it had to be dropped."""
        if not self._channel.send(messages.step_payload(report), droppable=True):
            return False
        if report.sample:
            self._lent = ("SAMPLED", report.step)
        self._unconfirmed.append(report.step)
        return True

    def send_plain(self, step: int, frame: bytes) -> bool:
        """As `send_step`, of a STEP without a sample that is a frame already."""
        self.step = step
        if not self._channel.send_frame(frame):
            return False
        self._unconfirmed.append(step)
        return True

    def exchange(self, command_id: str, step: int, indices: List[int], deadline: float) -> Optional[Message]:
        """Sends APPLY and waits for READY or REJECT; None when time ran out: the slots stay lent until it comes."""
        self._answer = None
        self._lent = ("READY", command_id)
        self.send({"type": "APPLY", "id": command_id, "step": step, "matrices": indices})
        if not self.wait_until(lambda: self._answer is not None, deadline):
            self.is_overdue = True
        return self._answer

    def wait_for_slots(self, deadline: float) -> bool:
        """Waits for the end of the last sample, but not for a sidecar that has let us wait in vain already."""
        if self.owns_slots or self.is_overdue:
            return self.owns_slots
        self.is_overdue = not self.wait_until(lambda: self.owns_slots, deadline)
        return self.owns_slots

    def is_confirmed(self, step: int) -> bool:
        """Whether the topology has consumed every step up to `step` that was sent on this connection."""
        return not self._unconfirmed or self._unconfirmed[0] > step

    def close(self, farewell: Optional[Message] = None) -> None:
        """Says goodbye if asked to, closes the connection and unlinks the staging file."""
        try:
            if farewell is not None:
                self._channel.discard()  # closing on unread messages would reset the connection and take BYE with it
                self._channel.send(messages.encode(farewell))
        finally:
            self._channel.close()
            self.staging.close()

    def _handle(self, message: Message) -> None:
        kind = message["type"]
        handler = self._handlers.get(kind)
        if handler is None:
            raise ValueError("unknown type %.40r" % kind)
        if not self.is_welcome and kind not in ("WELCOME", "REFUSED"):
            raise ValueError("%s before WELCOME" % kind)
        handler(message)

    def _on_welcome(self, message: Message) -> None:
        version = messages.integer(message, "version")
        if version != messages.PROTOCOL_VERSION:
            reason = "it speaks version %d of the bridge, this hook %d" % (version, messages.PROTOCOL_VERSION)
            raise SessionLost(reason, refused=True)
        limit_ms = messages.number(message, "commandTimeoutMs")
        if limit_ms > 0:
            self.command_timeout = limit_ms / 1000.0
        if self._offered is not None:
            self._settle(self._offered, message)
        self.is_welcome = True

    def _settle(self, offered: DeviceStaging, welcome: Message) -> None:
        if welcome.get("deviceStaging") is True:
            self.staging.use(offered)
            return
        reason = str(welcome.get("deviceStagingReason") or "it does not know how")[:300]
        self._report.warn("weights on CUDA are staged through host memory: the sidecar says: %s" % reason)

    def _on_refused(self, message: Message) -> None:
        raise SessionLost("it refused: %s" % messages.text(message, "reason"), refused=True)

    def _on_sampled(self, message: Message) -> None:
        self._give_back(("SAMPLED", messages.integer(message, "step")))

    def _on_command(self, message: Message) -> None:
        answer = self._book.receive(message, self.step)
        if answer is not None:
            self.send(answer)

    def _on_cancel(self, message: Message) -> None:
        answer = self._book.cancel(message, self.step)
        if answer is not None:
            self.send(answer)

    def _on_answer(self, message: Message) -> None:
        self._give_back(("READY", messages.text(message, "id")))
        self._answer = message

    def _on_progress(self, message: Message) -> None:
        step = messages.integer(message, "step")
        while self._unconfirmed and self._unconfirmed[0] <= step:
            self._unconfirmed.popleft()

    def _give_back(self, lent: Tuple[str, Union[int, str]]) -> None:
        if self._lent != lent:
            raise ValueError("%s %.80r was not asked for" % lent)
        self._lent = None
        self.is_overdue = False
