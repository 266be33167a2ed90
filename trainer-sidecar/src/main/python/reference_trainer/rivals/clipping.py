"""Methods that shrink gradients."""

from __future__ import annotations

import math
from typing import Iterable

import torch

from reference_trainer.rivals.method import Method, scale_gradients

EPSILON = 1e-6


class Clip(Method):
    """Scales all gradients down to a largest global norm (Pascanu et al. 2013)."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], max_norm: float) -> None:
        self._parameters = list(parameters)
        self._max_norm = max_norm

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Changes the gradients in place when they are too large."""
        if gradient_norm > self._max_norm:
            scale_gradients(self._parameters, self._max_norm / (gradient_norm + EPSILON))


class ZClip(Method):
    """Clips a gradient norm that is an outlier among the recent ones (ZClip, arXiv 2504.02507).

    With running mean m and deviation s of the global norm g (EMA, alpha 0.97, started from the plain mean and
    variance of 25 warm-up steps) and z = (g - m) / s: when z > 2.5 the norm becomes m + 2.5^2 * s / z.
    The statistics learn from the clipped norm; the variance uses the new mean.
    """

    ALPHA = 0.97
    Z_THRESHOLD = 2.5
    WARM_UP_STEPS = 25

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
        z = (gradient_norm - self._mean) / (deviation + EPSILON)
        return self._mean + self.Z_THRESHOLD**2 * deviation / z if z > self.Z_THRESHOLD else gradient_norm

    def _warm_up(self, gradient_norm: float) -> None:
        norms = self._first_norms
        norms.append(gradient_norm)
        self._mean = sum(norms) / len(norms)
        self._variance = sum((norm - self._mean) ** 2 for norm in norms) / len(norms)


class AdaGC(Method):
    """Clips every tensor's gradient against its own recent norm (AdaGC, arXiv 2502.11034, Algorithm 1).

    With g the norm of one tensor's gradient and m its running norm: for the first 100 steps all gradients are clipped
    together to a global norm of 1 and m is the smallest norm seen; afterwards the gradient is scaled by
    h = min(1.05 m / g, 1) and m <- 0.98 m + 0.02 h g. A gradient that is not finite is left alone and teaches nothing.
    """

    START_STEP = 100
    GLOBAL_NORM = 1.0
    RELATIVE_LIMIT = 1.05
    BETA = 0.98

    def __init__(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        self._parameters = list(parameters)
        self._global_clip = Clip(self._parameters, self.GLOBAL_NORM)
        self._norms: torch.Tensor | None = None

    @torch.no_grad()
    def before_update(self, step: int, gradient_norm: float) -> None:
        """Changes the gradients in place."""
        if not math.isfinite(gradient_norm):
            return
        if step < self.START_STEP:
            self._global_clip.before_update(step, gradient_norm)
            self._norms = self._smallest_so_far()
            return
        norms = self._gradient_norms()
        known = norms if self._norms is None else self._norms
        factors = (self.RELATIVE_LIMIT * known / norms.clamp(min=1e-30)).clamp(max=1.0)
        for gradient, factor in zip(self._gradients(), factors.tolist()):
            if factor < 1.0:
                gradient.mul_(factor)
        self._norms = self.BETA * known + (1 - self.BETA) * factors * norms

    def _smallest_so_far(self) -> torch.Tensor:
        norms = self._gradient_norms()
        return norms if self._norms is None else torch.minimum(self._norms, norms)

    def _gradient_norms(self) -> torch.Tensor:
        return torch.stack([torch.linalg.vector_norm(gradient) for gradient in self._gradients()])

    def _gradients(self) -> list[torch.Tensor]:
        return [parameter.grad for parameter in self._parameters if parameter.grad is not None]
