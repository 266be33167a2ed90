"""What a training run is made of."""

from __future__ import annotations

from dataclasses import dataclass

from reference_trainer.faults import Fault

TEXT = "text"
RECALL = "recall"


@dataclass(frozen=True)
class Scenario:
    """A task, a model, a learning rate and a length. Warm-up is linear, then the learning rate stays constant.

    ``final_norm`` is that of the blocks where it is None. ``attention_learning_rate_factor`` multiplies the learning
    rate of the attention projections alone, ``mixing_learning_rate_factor`` that of static residual mixings. More than
    one stream makes a hyper-connected model, with mixings that are ``dynamic_mixing`` or static.
    """

    name: str
    summary: str
    layers: int
    width: int
    heads: int
    context: int
    batch: int
    norm: str
    learning_rate: float
    warm_up_steps: int
    steps: int
    attention_learning_rate_factor: float = 1.0
    task: str = TEXT
    final_norm: str | None = None
    streams: int = 1
    dynamic_mixing: bool = False
    mixing_learning_rate_factor: float = 1.0
    fault: Fault = Fault()

    def warm_up(self, step: int) -> float:
        """The fraction of the learning rate in force at ``step``, counted from 0."""
        return min(1.0, (step + 1) / self.warm_up_steps)
