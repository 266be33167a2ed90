"""The live guards of this process: closed at its end, let go of in its forks."""

import atexit
import os
import weakref
from typing import Any

_guards: "weakref.WeakSet[Any]" = weakref.WeakSet()


def enrol(guard: Any) -> None:
    """From now on `guard.close` is called at the end of the process, and `guard.disown` in each forked child."""
    _guards.add(guard)


def _close_all() -> None:
    for guard in list(_guards):
        guard.close()


def _disown_all() -> None:
    for guard in list(_guards):
        guard.disown()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_disown_all)
