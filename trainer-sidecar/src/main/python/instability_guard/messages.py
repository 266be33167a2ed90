"""The words of the bridge, version 2: what the hook says, and how it reads what the sidecar says."""

import json
import math
import struct
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch

from instability_guard import __version__
from instability_guard.matrices import TrackedMatrix
from instability_guard.staging import LAYOUT_VERSION, StagingFile

PROTOCOL_VERSION = 2
Message = Dict[str, Any]

REFUSED = "REFUSED"
EXPIRED = "EXPIRED"
ABANDONED = "ABANDONED"
FAILED = "FAILED"

_MAX_DIGITS = 20


class Identity(NamedTuple):
    """Who is speaking: the part of HELLO that stays the same over every connection of one attach."""

    run: str
    generation: int
    started_at_ms: int
    process_rank: int
    world_size: int
    pid: int
    sample_every: int
    agree_every: int
    lockstep: bool


class StepReport(NamedTuple):
    """The scalars of one step, in the order of the message; NaN when unknown."""

    step: int
    loss: float
    gradient_norm: float
    learning_rate: float
    learning_rate_scale: float
    max_attention_logit: float
    sample: bool
    skipped_samples: int
    dropped_messages: int
    hook_micros: float
    step_millis: float
    wait_millis: float
    signals: Mapping[str, Any] = {}
    """Further fields: `omissions`, and of a sampled step those of `instability_guard.signals`."""


def hello(
    identity: Identity,
    staging: StagingFile,
    matrices: Sequence[TrackedMatrix],
    step: int,
    applied: Sequence[Tuple[str, int]],
    signals: Mapping[str, Any],
) -> Message:
    """First message of a connection; `signals` are further fields."""
    return {
        "type": "HELLO",
        "version": PROTOCOL_VERSION,
        "run": identity.run,
        "generation": identity.generation,
        "startedAtMs": identity.started_at_ms,
        "processRank": identity.process_rank,
        "worldSize": identity.world_size,
        "pid": identity.pid,
        "sampleEvery": identity.sample_every,
        "agreeEvery": identity.agree_every,
        "lockstep": identity.lockstep,
        "step": step,
        "staging": {"path": staging.path, "bytes": staging.size, "layoutVersion": LAYOUT_VERSION},
        "matrices": [_matrix(matrix, offset) for matrix, offset in zip(matrices, staging.offsets)],
        "applied": [{"id": command, "step": at} for command, at in applied],
        "hookVersion": __version__,
        "torchVersion": str(torch.__version__),
        **signals,
    }


def _matrix(matrix: TrackedMatrix, offset: int) -> Message:
    return {
        "index": matrix.index,
        "name": matrix.name,
        "role": matrix.role,
        "depth": matrix.depth,
        "rows": matrix.rows,
        "columns": matrix.columns,
        "dtype": matrix.dtype,
        "offset": offset,
    }


_STEP = (
    "step",
    "loss",
    "gradientNorm",
    "learningRate",
    "learningRateScale",
    "maxAttentionLogit",
    "sample",
    "skippedSamples",
    "droppedMessages",
    "hookMicros",
    "stepMillis",
    "waitMillis",
)
_PLAIN = 1
_PLAIN_STEP = struct.Struct(">Bq5d2q3d")
PLAIN_FRAME = struct.Struct(">I" + _PLAIN_STEP.format[1:])
"""The same with its length before it."""
PLAIN_PREFIX = _PLAIN_STEP.size, _PLAIN
"""What a plain frame begins with; the numbers of `StepReport` from `step` to `wait_millis` follow, `sample` left out."""


def step_payload(report: StepReport) -> bytes:
    """STEP. Without a sample or further fields, as nearly all are, it is a byte 1 and the other numbers, not JSON."""
    if not (report.sample or report.signals):
        return _PLAIN_STEP.pack(_PLAIN, *report[:6], *report[7:12])
    return encode({"type": "STEP", **dict(zip(_STEP, report)), **report.signals})


def encode(message: Message) -> bytes:
    """Any other message; non-finite numbers are bare words."""
    return json.dumps(message, separators=(",", ":")).encode("utf-8")


def applied(
    command: str, step: int, matrices: Sequence[int], hook_millis: float, measurements: Mapping[str, float]
) -> Message:
    """The command was carried out; `matrices` are the indices of those replaced."""
    return {
        "type": "APPLIED",
        "id": command,
        "step": step,
        "matrices": list(matrices),
        "hookMillis": hook_millis,
        "measurements": dict(measurements),
    }


def not_applied(command: str, step: int, status: str, reason: str) -> Message:
    """The command changed nothing; `status` is REFUSED, EXPIRED, ABANDONED or FAILED."""
    return {"type": "NOT_APPLIED", "id": command, "step": step, "status": status, "reason": reason[:500]}


def decode(payload: bytes) -> Message:
    """One message of the sidecar; `ValueError` when it is none."""
    try:
        message = json.loads(payload.decode("utf-8"), parse_int=_bounded_int)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON: %s" % error) from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ValueError("not an object with a type")
    return message


def _bounded_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("an integer of %d digits" % len(digits))
    return int(digits)


def text(message: Message, field: str, limit: int = 1000) -> str:
    """A string field of at most `limit` characters; `ValueError` otherwise."""
    value: str = _checked(message, field, lambda v: isinstance(v, str) and len(v) <= limit, "text")
    return value


def integer(message: Message, field: str) -> int:
    """An integer field; `ValueError` otherwise."""
    value: int = _checked(message, field, lambda v: isinstance(v, int) and not isinstance(v, bool), "an integer")
    return value


def boolean(message: Message, field: str) -> bool:
    """A boolean field; `ValueError` otherwise."""
    value: bool = _checked(message, field, lambda v: isinstance(v, bool), "true or false")
    return value


def texts(message: Message, field: str) -> List[str]:
    """A field that is a list of strings; `ValueError` otherwise."""
    value: List[str] = _checked(
        message, field, lambda v: isinstance(v, list) and all(isinstance(i, str) for i in v), "texts"
    )
    return value


def objects(message: Message, field: str) -> List[Message]:
    """A field that is a list of objects; `ValueError` otherwise."""
    value: List[Message] = _checked(
        message, field, lambda v: isinstance(v, list) and all(isinstance(i, dict) for i in v), "objects"
    )
    return value


def mapping(message: Message, field: str) -> Message:
    """A field that is an object; `ValueError` otherwise."""
    value: Message = _checked(message, field, lambda v: isinstance(v, dict), "an object")
    return value


def number(message: Message, field: str, default: Optional[float] = None) -> float:
    """A finite number (or `default` when the field is missing); `ValueError` otherwise."""
    if default is not None and field not in message:
        return default
    return float(_checked(message, field, _is_finite, "a finite number"))


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _checked(message: Message, field: str, accepts: Callable[[Any], bool], expected: str) -> Any:
    value = message.get(field)
    if not accepts(value):
        raise ValueError("%s is not %s" % (field, expected))
    return value
