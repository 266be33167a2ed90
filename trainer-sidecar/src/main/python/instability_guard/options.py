"""The options of `InstabilityGuard.attach`, checked."""

import math
import os
import re
import time
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch.distributed

from instability_guard import roles
from instability_guard.messages import Identity
from instability_guard.mirrors import Mirror

_RUN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_MAX_SOCKET_PATH = 107
_MAX_INTEGER = (1 << 63) - 1
_MAX_TOKENS = 1 << 16
_AGREE_EVERY = 10
_OPTIONAL = ("generation", "agree_every", "lockstep", "snapshot_tokens", "attention_heads", "mixers_total") + (
    "exact_jacobians_every",
)
_OPTIONAL_PATTERNS = ("include", "snapshot_blocks")


class Options(NamedTuple):
    """See `InstabilityGuard.attach` for their meaning."""

    run_id: str
    socket: Optional[str]
    generation: Optional[int]
    sample_every: int
    agree_every: Optional[int]
    command_timeout: float
    lockstep: Optional[int]
    lockstep_timeout: float
    min_step_ms: Optional[float]
    include: Optional[Sequence[str]]
    exclude: Sequence[str]
    roles: Optional[Mapping[str, str]]
    process_rank: Optional[int]
    world_size: Optional[int]
    snapshots: bool = True
    snapshot_tokens: Optional[int] = None
    snapshot_blocks: Optional[Sequence[str]] = None
    snapshot_bytes: int = 256 << 20
    attention: bool = True
    attention_heads: Optional[int] = None
    exact_jacobians_every: Optional[int] = None
    mixing_order: int = 0
    mixers_total: Optional[int] = None
    on_checkpoint: Optional[Callable[[int], Any]] = None
    on_rewind: Optional[Callable[[int, int, int], int]] = None
    on_pause: Optional[Callable[[int, str], Any]] = None
    process_group: Any = None
    mirror: Optional[Mirror] = None

    def checked(self) -> "Options":
        """These options with the defaults that depend on the process filled in; `ValueError` names what is wrong."""
        if not isinstance(self.run_id, str) or not _RUN.fullmatch(self.run_id):
            rule = "1 to 200 characters of [A-Za-z0-9._-], not starting with a dot"
            raise ValueError("run_id must be %s: %r" % (rule, self.run_id))
        process_rank, world_size = _process(self.process_rank, self.world_size, self.process_group)
        _check_integer("generation", self.generation, 0)
        _check_integer("sample_every", self.sample_every, 1)
        _check_integer("agree_every", self.agree_every, 1)
        _check_integer("lockstep", self.lockstep, 0)
        _check_duration("command_timeout", self.command_timeout)
        _check_duration("lockstep_timeout", self.lockstep_timeout)
        _check_duration("min_step_ms", self.min_step_ms)
        _check_patterns("include", self.include)
        _check_patterns("exclude", self.exclude)
        _check_roles(self.roles)
        _check_integer("snapshot_tokens", self.snapshot_tokens, 2, _MAX_TOKENS)
        _check_integer("snapshot_bytes", self.snapshot_bytes, 0)
        _check_patterns("snapshot_blocks", self.snapshot_blocks)
        _check_integer("attention_heads", self.attention_heads, 1)
        _check_integer("exact_jacobians_every", self.exact_jacobians_every, 1)
        _check_integer("mixing_order", self.mixing_order, 0)
        _check_integer("mixers_total", self.mixers_total, self.mixing_order + 1)
        _check_functions(on_checkpoint=self.on_checkpoint, on_rewind=self.on_rewind, on_pause=self.on_pause)
        if self.mirror is not None and not isinstance(self.mirror, Mirror):
            raise ValueError("mirror must be one of instability_guard.mirrors, or derived from it: %r" % (self.mirror,))
        return self._replace(
            socket=_socket_path(self.socket),
            generation=self.generation if self.generation is not None else int(time.time() * 1000),
            agree_every=self.agree_every or (_AGREE_EVERY if world_size > 1 else 1),
            process_rank=process_rank,
            world_size=world_size,
        )

    def identity(self) -> Identity:
        """Who speaks in a process with these options, once they are checked."""
        return Identity(
            run=self.run_id,
            generation=int(self.generation or 0),
            started_at_ms=int(time.time() * 1000),
            process_rank=int(self.process_rank or 0),
            world_size=int(self.world_size or 1),
            pid=os.getpid(),
            sample_every=self.sample_every,
            agree_every=self.agree_every or 1,
            lockstep=self.lockstep is not None,
        )


def _process(process_rank: Optional[int], world_size: Optional[int], group: Any) -> Tuple[int, int]:
    """What was given, else torch.distributed when it is initialised, else RANK and WORLD_SIZE, else one process."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        default = torch.distributed.get_rank(group), torch.distributed.get_world_size(group)
    else:
        default = _environment("RANK", 0), _environment("WORLD_SIZE", 1)
    rank = default[0] if process_rank is None else process_rank
    size = default[1] if world_size is None else world_size
    _check_integer("process_rank", rank, 0)
    _check_integer("world_size", size, 1)
    if rank >= size:
        raise ValueError("process_rank %d does not exist with world_size %d" % (rank, size))
    return rank, size


def _environment(variable: str, default: int) -> int:
    value = os.environ.get(variable, "")
    if value and not value.isdigit():
        raise ValueError("the environment variable %s is no number: %r" % (variable, value))
    return int(value) if value else default


def _socket_path(path: Optional[str]) -> str:
    """`path`, else $GUARD_SOCKET, else the sidecar's default."""
    chosen = path or os.environ.get("GUARD_SOCKET") or "/tmp/instability-guard-%d/guard.sock" % os.getuid()
    absolute = os.path.abspath(os.fspath(chosen))
    if len(os.fsencode(absolute)) > _MAX_SOCKET_PATH:
        raise ValueError("the socket's path is longer than %d bytes: %s" % (_MAX_SOCKET_PATH, absolute))
    return absolute


def _check_integer(name: str, value: Any, lowest: int, highest: int = _MAX_INTEGER) -> None:
    fits = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
    if not fits and (value is not None or name not in _OPTIONAL):
        limit = "" if highest == _MAX_INTEGER else " and at most %d" % highest
        raise ValueError("%s must be an integer of at least %d%s: %r" % (name, lowest, limit, value))


def _check_duration(name: str, value: Any) -> None:
    if value is None and name == "min_step_ms":
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ValueError("%s must be a finite number of at least 0: %r" % (name, value))


def _check_patterns(name: str, patterns: Any) -> None:
    if patterns is None and name in _OPTIONAL_PATTERNS:
        return
    if isinstance(patterns, str) or not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError("%s must be a list of patterns: %r" % (name, patterns))


def _check_roles(overrides: Optional[Mapping[str, str]]) -> None:
    known = roles.ROLES + (roles.FUSED,)
    for pattern, role in (overrides or {}).items():
        if role not in known:
            raise ValueError("roles[%r] is %r, not one of %s" % (pattern, role, ", ".join(known)))


def _check_functions(**functions: Any) -> None:
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise ValueError("%s must be a function: %r" % (name, function))
