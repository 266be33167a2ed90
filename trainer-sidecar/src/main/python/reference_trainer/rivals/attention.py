"""Methods that act on attention alone."""

from __future__ import annotations

from typing import Sequence

import torch

from reference_trainer.model import CausalAttention
from reference_trainer.rivals.method import Method


class QkClip(Method):
    """Shrinks query and key of every head whose largest logit exceeded ``tau`` (QK-Clip, arXiv 2507.20534).

    With s the head's largest absolute logit in the step's batch: both weights are multiplied by sqrt(tau / s) when
    s > tau, after the update.
    """

    def __init__(self, attentions: Sequence[CausalAttention], tau: float) -> None:
        self._attentions = attentions
        self._tau = tau

    @torch.no_grad()
    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Acts only when the largest logit of all is too large."""
        if max_attention_logit > self._tau:
            for attention in self._attentions:
                self._clip(attention)

    def _clip(self, attention: CausalAttention) -> None:
        factors = (self._tau / attention.max_logits).clamp(max=1.0).sqrt()
        for weight in (attention.query.weight, attention.key.weight):
            by_head = weight.view(len(factors), -1, weight.shape[1])
            by_head.mul_(factors.view(-1, 1, 1))
