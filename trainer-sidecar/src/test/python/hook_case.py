"""What the hook's tests share: a fake sidecar, a small model, and silence on standard error."""

import logging
import unittest
from typing import Any, List, Optional, Tuple

import torch
from instability_guard import InstabilityGuard
from torch import nn

from fake_sidecar import FakeSidecar

LAYERS = ["blocks.0.q_proj.weight", "blocks.0.fc1.weight"]
SCALE = "SCALE_LEARNING_RATE"
MSIGN = "APPLY_MSIGN"


def small_model() -> nn.Module:
    """Two tracked weights: query 3 x 4 and MLP up 5 x 3."""
    torch.manual_seed(7)
    model, block = nn.Module(), nn.Module()
    block.q_proj, block.fc1 = nn.Linear(4, 3), nn.Linear(3, 5)
    model.blocks = nn.ModuleList([block])
    return model


class Warnings(logging.Handler):
    """Collects what the hook logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class HookCase(unittest.TestCase):
    """A sidecar that is up, and `attach` with its socket."""

    def setUp(self) -> None:
        self.sidecar = FakeSidecar().start()
        self.addCleanup(self.sidecar.remove)
        self.model = small_model()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.5)
        self.warnings = Warnings()
        logger = logging.getLogger("instability_guard")
        logger.addHandler(self.warnings)
        logger.propagate = False
        self.addCleanup(logger.removeHandler, self.warnings)

    def attach(self, **options: Any) -> InstabilityGuard:
        """A guard; its HELLO has been answered."""
        options.setdefault("command_timeout", 20.0)
        hellos = len(self.sidecar.of("HELLO"))
        guard = self.attach_unanswered(**options)
        self.sidecar.await_message("HELLO", hellos + 1)
        return guard

    def attach_unanswered(self, **options: Any) -> InstabilityGuard:
        options.setdefault("run_id", "run-1")
        options.setdefault("socket", self.sidecar.path)
        guard = InstabilityGuard.attach(self.model, self.optimizer, **options)
        self.addCleanup(guard.close)
        return guard

    def train_step(self, guard: InstabilityGuard, step: int, **scalars: Any) -> None:
        """One optimizer step on unit gradients, reported."""
        for parameter in self.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.optimizer.step()
        guard.step(step, **scalars)

    def weights(self) -> List[torch.Tensor]:
        return [dict(self.model.named_parameters())[name].detach().clone() for name in LAYERS]

    def assert_same(self, actual: torch.Tensor, expected: torch.Tensor) -> None:
        self.assertTrue(torch.equal(actual, expected), "%s is not %s" % (actual, expected))

    def refusal(self, count: int = 1) -> Tuple[str, Optional[str]]:
        """Status and reason of the count-th NOT_APPLIED."""
        answer = self.sidecar.await_message("NOT_APPLIED", count)
        return answer["status"], answer["reason"]

    def refused_weights(self, status: str, reason: str, **options: Any) -> None:
        """An MSign command is answered with this, and the weights are as before."""
        guard = self.attach(**options)
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        answered, why = self.refusal()
        self.assertEqual(answered, status)
        self.assertIn(reason, why or "")
        for weight, expected in zip(self.weights(), before):
            self.assert_same(weight, expected)
        self.assertEqual(guard.statistics["commandsApplied"], 0)
