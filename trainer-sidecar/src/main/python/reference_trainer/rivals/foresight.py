"""Methods that know what is coming: from the architecture, or from having seen the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_trainer.outcome import judge
from reference_trainer.rivals.method import Method

if TYPE_CHECKING:
    from reference_trainer.train import Trainer


class AlwaysProjected(Method):
    """Every residual mixing goes through Sinkhorn from the start (mHC, arXiv 2512.24880); nothing without mixings."""

    def __init__(self, trainer: Trainer) -> None:
        from instability_guard.residual_mixing import ResidualMixing

        for module in trainer.model.modules():
            if isinstance(module, ResidualMixing):
                module.projected = True


class Oracle(Method):
    """Halves the learning rate ``LEAD_STEPS`` before the step at which the same run is lost without a method.

    It trains the run once beforehand to learn that step. A run that is not lost is left alone.
    """

    LEAD_STEPS = 50

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        lost_at = step_of_loss(trainer.twin())
        self.acts_at = None if lost_at is None else max(0, lost_at - self.LEAD_STEPS)

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Acts at one step only."""
        if step == self.acts_at:
            self._trainer.scale_learning_rate(0.5)


def step_of_loss(trainer: Trainer) -> int | None:
    """The step at which this run is lost when nothing is done; None when it ends well."""
    losses = [record.loss for record in trainer.run(Method(), trainer.scenario.steps)]
    outcome = judge(losses)
    return outcome.collapsed_at_step if outcome.diverged_at_step is None else outcome.diverged_at_step
