"""What every method is: something that may act on a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable

import torch

if TYPE_CHECKING:
    from reference_trainer.train import Trainer


class Method:
    """Does nothing. A method sees every step thrice: with the loss, with the gradients, and after the update."""

    def penalty(self, step: int) -> torch.Tensor | None:
        """A scalar to be minimised beside the task's loss, asked for when the forward pass of ``step`` is done.

        Its gradient is added to the task's, which is measured before that.
        """
        return None

    def before_update(self, step: int, gradient_norm: float) -> None:
        """Called when the gradients of ``step`` are there; ``gradient_norm`` is the global norm of the task's."""

    def after_update(self, step: int, loss: float, gradient_norm: float, max_attention_logit: float) -> None:
        """Called when the optimizer has taken ``step``."""

    def close(self) -> None:
        """Called once, when the run is over."""


class HalfLearningRate(Method):
    """The control: half the learning rate from the start."""

    def __init__(self, trainer: Trainer) -> None:
        trainer.scale_learning_rate(0.5)


def scale_gradients(parameters: Iterable[torch.nn.Parameter], factor: float) -> None:
    """Multiplies every gradient by ``factor``, in place."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)
