"""Checkpoints in memory, for a guard that commands to save or to rewind."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from reference_trainer.train import Trainer


@dataclass(frozen=True)
class Checkpoint:
    """Weights and optimizer state after ``step``."""

    step: int
    tensors: list[torch.Tensor]


class Checkpoints:
    """The last few checkpoints of one trainer: one every 25 steps and those asked for."""

    PERIOD = 25
    KEPT = 12

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._recent: deque[Checkpoint] = deque(maxlen=self.KEPT)

    def after_step(self, step: int) -> None:
        """Saves when it is time; call it after every step."""
        if (step + 1) % self.PERIOD == 0:
            self.save(step)

    def save(self, step: int) -> None:
        """Saves the state after ``step``, unless a weight is not finite."""
        tensors = [tensor.clone() for tensor in self._tensors()]
        if all(torch.isfinite(tensor).all() for tensor in tensors):
            self._recent.append(Checkpoint(step, tensors))

    def rewind(self, step: int, back_steps: int, skip_steps: int) -> int:
        """Restores the newest checkpoint that is ``back_steps`` old, drops that many batches and returns its step."""
        found = next((each for each in reversed(self._recent) if each.step <= step - back_steps), None)
        if found is None:
            raise LookupError(f"no checkpoint is {back_steps} steps old at step {step}: one comes every {self.PERIOD}")
        while self._recent[-1] is not found:
            self._recent.pop()
        with torch.no_grad():
            for tensor, saved in zip(self._tensors(), found.tensors):
                tensor.copy_(saved)
        self._trainer.resume_after(found.step, skip_steps)
        return found.step

    def _tensors(self) -> list[torch.Tensor]:
        """Weights, then Adam's state of each."""
        parameters = [each.detach() for each in self._trainer.model.parameters()]
        states = [self._trainer.optimizer.state[each] for each in self._trainer.model.parameters()]
        return parameters + [value for state in states for value in state.values() if torch.is_tensor(value)]
