"""Methods that change weights after the update."""

from __future__ import annotations

import math
from typing import Iterable, Sequence

import torch

from reference_trainer.rivals.method import Method

class PeriodicMSign(Method):
    """Replaces weights by their polar factor every ``period`` steps (MSign, arXiv 2602.01734, Algorithm 1)."""

    def __init__(self, weights: Sequence[torch.nn.Parameter], period: int) -> None:
        self._weights = weights
        self._period = period

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Applies MSign after the updates number period, 2 * period, ..."""
        if (step + 1) % self._period == 0:
            apply_msign(self._weights)


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
