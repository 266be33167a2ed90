"""Training under the guard, through the hook a user would install."""

from __future__ import annotations

import torch

from reference_trainer.rivals.method import Method


class Guarded(Method):
    """Attaches the hook of the package ``instability_guard``, which is imported only here."""

    def __init__(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, **settings: object) -> None:
        from instability_guard import InstabilityGuard

        self._guard = InstabilityGuard.attach(model, optimizer, **settings)

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Reports the step; the hook carries out what the guard commands."""
        self._guard.step(step, loss=loss, gradient_norm=gradient_norm, max_attention_logit=max_attention_logit)

    def close(self) -> None:
        """Detaches the hook."""
        self._guard.close()
