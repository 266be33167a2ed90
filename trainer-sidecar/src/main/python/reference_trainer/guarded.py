"""Training under the guard, through the hook a user would install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reference_trainer.checkpoints import Checkpoints
from reference_trainer.rivals.method import Method

if TYPE_CHECKING:
    from reference_trainer.train import Trainer


class Guarded(Method):
    """Attaches the hook of the package ``instability_guard``, which is imported only here."""

    def __init__(self, trainer: Trainer, **settings: object) -> None:
        from instability_guard import InstabilityGuard

        self._checkpoints = Checkpoints(trainer)
        functions = {"on_checkpoint": self._checkpoints.save, "on_rewind": self._checkpoints.rewind}
        if trainer.scenario.streams > 1:
            settings = {"sample_every": 1, **settings}  # free hyper-connections can run away within five steps
        self._guard = InstabilityGuard.attach(trainer.model, trainer.optimizer, **functions, **settings)

    def penalty(self, step: int) -> torch.Tensor:
        """Zero, unless the guard has enabled Koopman spectral shaping."""
        return self._guard.regularization()

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Reports the step; the hook carries out what the guard commands."""
        self._checkpoints.after_step(step)
        self._guard.step(step, loss=loss, gradient_norm=gradient_norm, max_attention_logit=max_attention_logit)

    def close(self) -> None:
        """Detaches the hook."""
        self._guard.close()
