"""Faults that a scenario injects on purpose, each between two steps of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from reference_trainer.model import CausalAttention, CharacterGpt


@dataclass(frozen=True)
class Fault:
    """Does nothing. A fault acts on ``steps`` updates from number ``first_step`` on and has no memory.

    A rewound run repeats steps, not updates: what hit it once does not hit it again. Where the fault is one of the data,
    updates are counted in batches drawn, so that batches that a rewound run leaves out do not hit it either.

    ``ends_run`` is false where numbers that are not finite are part of the fault, so that the run goes on with them.
    """

    first_step: int = 0
    steps: int = 0
    is_of_data = False
    ends_run = True

    def acts_at(self, update: int) -> bool:
        """Whether ``update`` is one of the fault's."""
        return self.first_step <= update < self.first_step + self.steps

    def targets(self, targets: torch.Tensor) -> torch.Tensor:
        """The targets to train on instead, of the same shape."""
        return targets

    def loss(self, loss: float) -> float:
        """The loss that is reported instead; what is trained on stays."""
        return loss

    def after_update(self, model: CharacterGpt) -> None:
        """May change the weights in place when the optimizer has taken the step."""


@dataclass(frozen=True)
class GarbageTargets(Fault):
    """Bad data: every target is the same symbol."""

    symbol: int = 0
    is_of_data = True

    def targets(self, targets: torch.Tensor) -> torch.Tensor:
        return torch.full_like(targets, self.symbol)


@dataclass(frozen=True)
class RankOneDrift(Fault):
    """The leading rank-one part of one up projection grows by ``rate``: stable rank falls to 1, the norm rises.

    W <- W + rate sigma u v^T with sigma, u, v the leading singular value and vectors. (Drifting at a constant Frobenius
    norm did not hurt a model of this size.)
    """

    block: int = 0
    rate: float = 0.1

    @torch.no_grad()
    def after_update(self, model: CharacterGpt) -> None:
        weight = model.blocks[self.block].mlp.up.weight
        if torch.isfinite(weight).all():
            left, values, right = torch.linalg.svd(weight, full_matrices=False)
            weight.addr_(left[:, 0], right[0], alpha=self.rate * values[0].item())


@dataclass(frozen=True)
class ExplodingHead(Fault):
    """Query and key of one attention head grow by ``factor``, its logits by the square, until they overflow."""

    block: int = 0
    head: int = 0
    factor: float = 1.2

    @torch.no_grad()
    def after_update(self, model: CharacterGpt) -> None:
        attention: CausalAttention = model.attentions()[self.block]
        for weight in (attention.query.weight, attention.key.weight):
            weight.unflatten(0, (attention.heads, -1))[self.head].mul_(self.factor)


@dataclass(frozen=True)
class NanWeight(Fault):
    """One entry of one weight becomes NaN, as after a bit flip or a faulty kernel."""

    ends_run = False

    @torch.no_grad()
    def after_update(self, model: CharacterGpt) -> None:
        model.blocks[-1].mlp.down.weight[0, 0] = math.nan


@dataclass(frozen=True)
class NanLoss(Fault):
    """The loss is reported as NaN although nothing is wrong with the training."""

    ends_run = False

    def loss(self, loss: float) -> float:
        return math.nan


@dataclass(frozen=True)
class RoundedWeights(Fault):
    """Weights are kept in bfloat16 without a wider master copy: updates below half a unit in the last place vanish."""

    @torch.no_grad()
    def after_update(self, model: CharacterGpt) -> None:
        for parameter in model.parameters():
            parameter.copy_(parameter.bfloat16())
