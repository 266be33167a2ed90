"""Counters, and warnings that are said once."""

import logging
from typing import Dict, Set

_LOGGER = logging.getLogger("instability_guard")

_COUNTERS = (
    "stepsSent",
    "samplesSent",
    "samplesSkipped",
    "messagesDropped",
    "messagesMalformed",
    "commandsApplied",
    "commandsNotApplied",
    "commandWaitsTimedOut",
    "lockstepWaitsTimedOut",
    "kssCalls",
    "kssSkipped",
    "kssMicros",
    "sessionsLost",
    "reattached",
    "errors",
)


class Report:
    """What happened in this process's hook: counts by name, and each distinct warning logged once.

    Warnings go to the logger "instability_guard" (standard error unless the program configures logging), never through
    `warnings`, which a strict filter would turn into an exception inside the training loop.
    """

    def __init__(self) -> None:
        self.counts: Dict[str, int] = dict.fromkeys(_COUNTERS, 0)
        self._said: Set[str] = set()

    def count(self, counter: str, by: int = 1) -> None:
        """Adds to one counter."""
        self.counts[counter] += by

    def warn(self, text: str) -> None:
        """Logs this text the first time it comes up."""
        if text not in self._said and len(self._said) < 1000:
            self._said.add(text)
            _LOGGER.warning("%s", text)

    def info(self, text: str) -> None:
        """Logs for those who want to know."""
        _LOGGER.info("%s", text)

    def malformed(self, error: ValueError) -> None:
        """A message of the sidecar was ignored."""
        self.count("messagesMalformed")
        self.warn("ignored a malformed message of the sidecar: %s" % error)

    def error(self, error: Exception) -> None:
        """Something went wrong in the hook itself; training goes on."""
        self.count("errors")
        self.warn("training goes on, but the guard's hook failed: %s: %s" % (type(error).__name__, error))
