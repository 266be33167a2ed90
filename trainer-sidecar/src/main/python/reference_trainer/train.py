"""The training loop."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

import torch
from torch.nn import functional

from reference_trainer.data import ALPHABET, Batches, encode, read_corpus
from reference_trainer.faults import Fault
from reference_trainer.hyper_connections import HyperGpt
from reference_trainer.model import CharacterGpt
from reference_trainer.recall import SYMBOLS, RecallBatches, recall_accuracy
from reference_trainer.rivals.method import Method
from reference_trainer.scenario import RECALL, Scenario

PATIENCE_STEPS = 50
"""How long a run that a fault made non-finite goes on, for whoever can rewind it."""


@dataclass(frozen=True)
class StepRecord:
    """What one step measured. The gradient norm is global and taken before any clipping."""

    step: int
    loss: float
    gradient_norm: float
    learning_rate: float
    max_attention_logit: float

    @property
    def is_finite(self) -> bool:
        """Whether training can go on from here."""
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


class Trainer:
    """One run: model, optimizer (AdamW 0.9, 0.95, no weight decay), schedule and batches, all fixed by the seed."""

    def __init__(self, scenario: Scenario, seed: int, text: Path | None = None):
        self.scenario = scenario
        self.seed = seed
        self._text = text
        self._batches = iter(make_batches(scenario, seed, text))
        torch.manual_seed(seed)
        self.model = make_model(scenario)
        self.optimizer = make_optimizer(self.model, scenario)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, scenario.warm_up)
        self._next_step = 0
        self._batches_left_out = 0
        self._parameters = list(self.model.parameters())

    def twin(self) -> Trainer:
        """The same run once more, from its beginning."""
        return Trainer(self.scenario, self.seed, self._text)

    def run(self, method: Method, steps: int) -> Iterator[StepRecord]:
        """Trains up to step ``steps``, or until the loss or the gradient is no longer finite.

        Where that is part of the scenario's fault, only a number of such steps in a row ends the run. A run that is
        rewound repeats step numbers, but takes no more than twice ``steps`` updates.
        """
        patience = 1 if self.scenario.fault.ends_run else PATIENCE_STEPS
        hopeless = 0
        for update in range(2 * steps):
            if self._next_step == steps or hopeless == patience:
                return
            record = self._step(update, method)
            yield record
            hopeless = 0 if record.is_finite else hopeless + 1

    def resume_after(self, step: int, skip_batches: int) -> None:
        """Counts on from ``step`` and leaves out some batches; weights and optimizer state are the caller's."""
        self._next_step = step + 1
        self.schedule.last_epoch = step + 1
        for group, rate in zip(self.optimizer.param_groups, self.schedule.base_lrs):
            group["lr"] = rate * self.scenario.warm_up(step + 1)
        for _ in range(skip_batches):
            next(self._batches)
        self._batches_left_out += skip_batches

    def scale_learning_rate(self, factor: float) -> None:
        """Multiplies the learning rate of all parameters from now on."""
        self.schedule.base_lrs = [rate * factor for rate in self.schedule.base_lrs]
        for group in self.optimizer.param_groups:
            group["lr"] *= factor

    def composite_gain(self) -> tuple[float, float] | None:
        """Forward and backward gain of the last step's residual mixings; None where there are none."""
        return self.model.composite_gain() if isinstance(self.model, HyperGpt) else None

    def accuracy(self) -> float | None:
        """The fraction of fresh questions that the model answers; None where the task asks none."""
        return recall_accuracy(self.model, self.seed + 1_000_000) if self.scenario.task == RECALL else None

    def _step(self, update: int, method: Method) -> StepRecord:
        step = self._next_step
        self._next_step += 1
        fault = self._fault_at(update)
        inputs, targets = next(self._batches)
        loss = functional.cross_entropy(self.model(inputs).flatten(0, 1), fault.targets(targets).flatten())
        self.optimizer.zero_grad(set_to_none=True)
        norm = self._backward(loss, method.penalty(step))
        method.before_update(step, norm)
        rate = self.optimizer.param_groups[0]["lr"]
        record = StepRecord(step, fault.loss(loss.item()), norm, rate, self.model.max_attention_logit.item())
        self.optimizer.step()
        self.schedule.step()
        fault.after_update(self.model)
        method.after_update(step, record.loss, norm, record.max_attention_logit)
        return record

    def _fault_at(self, update: int) -> Fault:
        fault = self.scenario.fault
        return fault if fault.acts_at(update + self._batches_left_out if fault.is_of_data else update) else Fault()

    def _backward(self, loss: torch.Tensor, penalty: torch.Tensor | None) -> float:
        """Leaves the gradient of loss and penalty behind and returns the norm of the loss's alone."""
        shapes = penalty is not None and penalty.requires_grad
        loss.backward(retain_graph=shapes)
        norm = gradient_norm(self._parameters)
        if shapes:
            penalty.backward()
        return norm


def make_batches(scenario: Scenario, seed: int, text: Path | None) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
    """The task's endless batches."""
    if scenario.task == RECALL:
        return RecallBatches(scenario.batch, seed)
    return Batches(encode(read_corpus(text)), scenario.batch, scenario.context, seed)


def make_model(scenario: Scenario) -> CharacterGpt:
    """The model before its first step."""
    symbols = SYMBOLS if scenario.task == RECALL else len(ALPHABET)
    shape = (symbols, scenario.layers, scenario.width, scenario.heads, scenario.context)
    norms = {"norm": scenario.norm, "final_norm": scenario.final_norm}
    if scenario.streams > 1:
        return HyperGpt(*shape, **norms, streams=scenario.streams, dynamic=scenario.dynamic_mixing)
    return CharacterGpt(*shape, **norms)


def make_optimizer(model: CharacterGpt, scenario: Scenario) -> torch.optim.AdamW:
    """AdamW with the attention projections, and static residual mixings, at learning rates of their own."""
    attention = model.attention_weights()
    mixing = [parameter for name, parameter in model.named_parameters() if name.endswith("_connection.residual")]
    chosen = {id(parameter) for parameter in attention + mixing}
    others = [parameter for parameter in model.parameters() if id(parameter) not in chosen]
    groups = [
        {"params": others, "lr": scenario.learning_rate},
        {"params": attention, "lr": scenario.learning_rate * scenario.attention_learning_rate_factor},
    ]
    if mixing:
        groups.append({"params": mixing, "lr": scenario.learning_rate * scenario.mixing_learning_rate_factor})
    settings = {"betas": (0.9, 0.95), "weight_decay": 0.0}
    try:
        return torch.optim.AdamW(groups, fused=True, **settings)  # a third of the time; on the CPU since torch 2.4
    except (RuntimeError, TypeError):
        return torch.optim.AdamW(groups, **settings)


def gradient_norm(parameters: list[torch.nn.Parameter]) -> float:
    """Euclidean norm of all gradients together."""
    norms = [torch.linalg.vector_norm(parameter.grad) for parameter in parameters if parameter.grad is not None]
    return torch.linalg.vector_norm(torch.stack(norms)).item()


def timed(records: Iterator[StepRecord], seconds: list[float]) -> Iterator[StepRecord]:
    """Passes the records through and appends to ``seconds`` how long each took to come."""
    while True:
        started = time.perf_counter()
        record = next(records, None)
        if record is None:
            return
        seconds.append(time.perf_counter() - started)
        yield record
