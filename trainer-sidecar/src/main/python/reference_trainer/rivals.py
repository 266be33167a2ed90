"""What one can do about instability in plain PyTorch, without the guard: the methods the guard is compared with."""

from __future__ import annotations

import math
from typing import Iterable, Sequence

import torch


class Method:
    """Does nothing. A method sees every step twice: before and after the optimizer's update.

    ``learning_rate_factor`` multiplies the scenario's learning rate from the start.
    """

    learning_rate_factor = 1.0

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Called when the gradients of ``step`` are there and ``gradient_norm`` is their global norm."""

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Called when the optimizer has taken ``step``."""

    def close(self) -> None:
        """Called once, when the run is over."""


class HalfLearningRate(Method):
    """The control: half the learning rate from the start."""

    learning_rate_factor = 0.5


class Clip(Method):
    """Scales all gradients down to a largest global norm (Pascanu et al. 2013)."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], max_norm: float) -> None:
        self._parameters = list(parameters)
        self._max_norm = max_norm

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Changes the gradients in place when they are too large."""
        if gradient_norm > self._max_norm:
            scale_gradients(self._parameters, self._max_norm / (gradient_norm + 1e-6))


class ZClip(Method):
    """Clips a gradient norm that is an outlier among the recent ones (ZClip, arXiv 2504.02507).

    With running mean m and deviation s of the global norm g (EMA, alpha 0.97, started from the plain mean and
    variance of 25 warm-up steps) and z = (g - m) / s: when z > 2.5 the norm becomes m + 2.5^2 * s / z.
    The statistics learn from the clipped norm; the variance uses the new mean.
    """

    ALPHA = 0.97
    Z_THRESHOLD = 2.5
    WARM_UP_STEPS = 25
    EPSILON = 1e-6

    def __init__(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        self._parameters = list(parameters)
        self._first_norms: list[float] = []
        self._mean = 0.0
        self._variance = 0.0

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Changes the gradients in place when their norm is an outlier; a non-finite norm is left alone."""
        if not math.isfinite(gradient_norm):
            return
        if len(self._first_norms) < self.WARM_UP_STEPS:
            self._warm_up(gradient_norm)
            return
        clipped = self.clipped(gradient_norm)
        if clipped < gradient_norm:
            scale_gradients(self._parameters, clipped / gradient_norm)
        self._mean = self.ALPHA * self._mean + (1 - self.ALPHA) * clipped
        self._variance = self.ALPHA * self._variance + (1 - self.ALPHA) * (clipped - self._mean) ** 2

    def clipped(self, gradient_norm: float) -> float:
        """The norm that the gradients may keep."""
        deviation = math.sqrt(self._variance)
        z = (gradient_norm - self._mean) / (deviation + self.EPSILON)
        return self._mean + self.Z_THRESHOLD**2 * deviation / z if z > self.Z_THRESHOLD else gradient_norm

    def _warm_up(self, gradient_norm: float) -> None:
        norms = self._first_norms
        norms.append(gradient_norm)
        self._mean = sum(norms) / len(norms)
        self._variance = sum((norm - self._mean) ** 2 for norm in norms) / len(norms)


class PeriodicMSign(Method):
    """Replaces weights by their polar factor every ``period`` steps (MSign, arXiv 2602.01734, Algorithm 1)."""

    def __init__(self, weights: Sequence[torch.nn.Parameter], period: int) -> None:
        self._weights = weights
        self._period = period

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Applies MSign after the updates number period, 2 * period, ..."""
        if (step + 1) % self._period == 0:
            apply_msign(self._weights)


METHODS = ("none", "half-lr", "clip-1.0", "zclip", "msign-100")


def make_method(name: str, model: torch.nn.Module) -> Method:
    """The method called ``name``, one of ``METHODS``, for ``model``."""
    if name == "none":
        return Method()
    if name == "half-lr":
        return HalfLearningRate()
    if name == "clip-1.0":
        return Clip(model.parameters(), 1.0)
    if name == "zclip":
        return ZClip(model.parameters())
    if name == "msign-100":
        return PeriodicMSign(model.attention_weights(), 100)
    raise ValueError(f"unknown method {name!r}")


def scale_gradients(parameters: Iterable[torch.nn.Parameter], factor: float) -> None:
    """Multiplies every gradient by ``factor``, in place."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


@torch.no_grad()
def apply_msign(weights: Iterable[torch.nn.Parameter]) -> None:
    """Replaces each matrix by its polar factor, scaled to the Frobenius norm it had, in place.

    With W = U S V^T (reduced): W <- U V^T * ||W||_F / sqrt(rank). A matrix that is not finite is left alone.
    """
    for weight in weights:
        if torch.isfinite(weight).all():
            weight.copy_(polar_factor(weight) * (weight.norm() / math.sqrt(min(weight.shape))))


def polar_factor(matrix: torch.Tensor) -> torch.Tensor:
    """U V^T of the reduced singular value decomposition of ``matrix`` (rows, columns), computed in float64."""
    left, _, right = torch.linalg.svd(matrix.double(), full_matrices=False)
    return (left @ right).to(matrix.dtype)
