"""Gets a session with the sidecar, and gets it back after it was lost, without ever waiting for it."""

import math
import os
import time
from typing import Optional

from instability_guard import messages
from instability_guard.channel import Channel
from instability_guard.commands import CommandBook
from instability_guard.device_staging import device_staging
from instability_guard.messages import Identity
from instability_guard.report import Report
from instability_guard.session import Session, SessionLost
from instability_guard.signals import Signals
from instability_guard.staging import StagingFile

_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0


class Connection:
    """The session, when there is one.

    Attempts are at least one second apart; after a refusal the pause doubles, up to a minute, because each attempt
    that gets through creates a staging file.
    """

    def __init__(self, path: str, identity: Identity, signals: Signals, book: CommandBook, report: Report) -> None:
        self.session: Optional[Session] = None
        self._path = path
        self._identity = identity
        self._signals = signals
        self._book = book
        self._report = report
        self._next_attempt = -math.inf
        self._retry_seconds = _RETRY_SECONDS
        self._was_attached = False
        self._device_staging = device_staging(signals.matrices, identity.world_size, report)

    def attached(self, last_step: int) -> Optional[Session]:
        """The session; when there is none, one attempt to get it if one is due."""
        if self.session is None and time.monotonic() >= self._next_attempt:
            self._next_attempt = time.monotonic() + self._retry_seconds
            self._attach(last_step)
        return self.session

    def lost(self, error: SessionLost) -> None:
        """Ends the session; the next attempt is at least a second away."""
        refused_pause = min(_LONGEST_RETRY_SECONDS, 2 * self._retry_seconds)
        self._retry_seconds = refused_pause if error.refused else _RETRY_SECONDS
        self._next_attempt = time.monotonic() + self._retry_seconds
        self._report.count("sessionsLost")
        self._report.warn("training goes on without the guard, which is tried again: the sidecar is lost: %s" % error)
        self._book.forget_pending()
        self.close()

    def close(self, last_step: Optional[int] = None) -> None:
        """Ends the session, with BYE when the last step is given."""
        session, self.session = self.session, None
        if session is not None:
            session.close(None if last_step is None else {"type": "BYE", "step": last_step})

    def renew(self, step: int) -> None:
        """Ends the session after `step`, with BYE; the next one, due at once, is of the run's next generation."""
        self.close(step)
        generation, now = self._identity.generation + 1, int(time.time() * 1000)
        self._identity = self._identity._replace(generation=generation, started_at_ms=now)
        self._next_attempt = -math.inf

    def _attach(self, last_step: int) -> None:
        try:
            self._check_owner()
            channel = Channel.connect(self._path)
        except OSError as error:
            if self._was_attached and isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
                return  # that it is gone was said when it was lost
            reason = error.strerror or str(error)
            self._report.warn("training goes on without the guard: no sidecar at %s (%s)" % (self._path, reason))
            return
        try:
            self._greet(channel, last_step)
        except BaseException:
            channel.close()
            raise

    def _greet(self, channel: Channel, last_step: int) -> None:
        signals = self._signals
        staging = StagingFile.in_folder(os.path.dirname(self._path), signals.shapes, self._identity.generation)
        device = self._device_staging
        session = Session(channel, staging, self._book, self._report, device)
        applied, described = self._book.last_applied(), signals.hello(staging.offsets)
        hello = messages.hello(self._identity, staging, signals.matrices, last_step, applied, described)
        if device is not None:
            hello["staging"]["device"] = device.offer()
        session.send(hello)
        self.session = session
        self._report.count("reattached", int(self._was_attached))
        self._was_attached = True

    def _check_owner(self) -> None:
        """Whoever owns the socket's folder can command this trainer: it must be its own user, or root."""
        if os.stat(os.path.dirname(self._path)).st_uid not in (os.getuid(), 0):
            raise PermissionError(0, "its folder belongs to another user")
