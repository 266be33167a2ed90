"""What one can do about instability in plain PyTorch, without the guard: the methods the guard is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from reference_trainer.rivals.attention import QkClip
from reference_trainer.rivals.clipping import AdaGC, Clip, ZClip
from reference_trainer.rivals.foresight import AlwaysProjected, Oracle
from reference_trainer.rivals.method import HalfLearningRate, Method
from reference_trainer.rivals.msign import PeriodicMSign
from reference_trainer.rivals.penalties import KoopmanShapingAlways, SpectralPenalty

if TYPE_CHECKING:
    from reference_trainer.train import Trainer

_MAKERS: dict[str, Callable[[Trainer], Method]] = {
    "none": lambda trainer: Method(),
    "half-lr": HalfLearningRate,
    "clip-1.0": lambda trainer: Clip(trainer.model.parameters(), 1.0),
    "clip-0.5": lambda trainer: Clip(trainer.model.parameters(), 0.5),
    "zclip": lambda trainer: ZClip(trainer.model.parameters()),
    "adagc": lambda trainer: AdaGC(trainer.model.parameters()),
    "spectral-penalty": lambda trainer: SpectralPenalty(trainer.model.block_weights(), 0.01),
    "msign-10": lambda trainer: PeriodicMSign(trainer.model.attention_weights(), 10),
    "msign-100": lambda trainer: PeriodicMSign(trainer.model.attention_weights(), 100),
    "msign-1000": lambda trainer: PeriodicMSign(trainer.model.attention_weights(), 1000),
    "kss": lambda trainer: KoopmanShapingAlways(trainer.model.blocks, trainer.seed),
    "mhc": AlwaysProjected,
    "qk-clip-100": lambda trainer: QkClip(trainer.model.attentions(), 100.0),
    "qk-clip-30": lambda trainer: QkClip(trainer.model.attentions(), 30.0),
    "oracle": Oracle,
}

METHODS = tuple(_MAKERS)


def make_method(name: str, trainer: Trainer) -> Method:
    """The method called ``name``, one of ``METHODS``, for ``trainer``, which has not begun yet."""
    if name not in _MAKERS:
        raise ValueError(f"unknown method {name!r}: one of {', '.join(METHODS)}")
    return _MAKERS[name](trainer)
