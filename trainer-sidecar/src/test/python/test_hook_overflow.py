"""A loss scaler that leaves steps out, and gradients that are accumulated over several passes."""

import unittest
from typing import Any, Dict, List

import torch

from fake_sidecar import Message
from hook_case import HookCase


class OverflowTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)

    def scaled_step(self, guard: Any, step: int, overflows: bool = False) -> None:
        """One step under the scaler; its gradients overflow if asked to."""
        self.optimizer.zero_grad()
        loss = sum(weight.square().sum() for weight in self.model.parameters())
        self.scaler.scale(loss).backward()
        if overflows:
            next(self.model.parameters()).grad.fill_(float("inf"))
        self.scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        guard.step(step, loss=loss, gradient_norm=norm)

    def told(self, count: int) -> List[Message]:
        self.sidecar.await_message("STEP", count)
        return self.sidecar.of("STEP")

    def test_should_leave_out_what_the_scaler_skipped_and_say_so_with_the_next_step(self) -> None:
        guard = self.attach(sample_every=2)
        for step in range(5):
            self.scaled_step(guard, step, overflows=step in (1, 2))
        told = self.told(3)
        self.assertEqual([message["step"] for message in told], [0, 3, 4])
        self.assertTrue(all(message["gradientNorm"] < float("inf") for message in told))
        self.assertIn("2 left out before this one", told[1]["omissions"][0])
        self.assertEqual((told[1]["skippedSamples"], guard.statistics["optimizerStepsSkipped"]), (1, 2))
        self.assertEqual(guard.statistics["errors"], 0)

    def test_should_report_an_overflow_that_does_not_end(self) -> None:
        guard = self.attach()
        self.scaled_step(guard, 0)
        for step in range(1, 23):
            self.scaled_step(guard, step, overflows=True)
        told = self.told(3)
        self.assertEqual([message["step"] for message in told], [0, 21, 22])
        self.assertEqual(told[1]["gradientNorm"], float("inf"))

    def test_should_report_an_infinite_norm_of_a_step_that_was_taken(self) -> None:
        guard = self.attach()
        self.train_step(guard, 0)
        self.train_step(guard, 1, gradient_norm=float("inf"))
        self.assertEqual(self.told(2)[1]["gradientNorm"], float("inf"))

    def test_should_count_optimizer_steps_and_not_the_passes_whose_gradients_add_up(self) -> None:
        guard = self.attach(sample_every=2)
        seen: Dict[int, torch.Tensor] = {}
        for step in range(4):
            self.optimizer.zero_grad()
            for _ in range(3):
                (sum(weight.square().sum() for weight in self.model.parameters()) / 3).backward()
            self.optimizer.step()
            guard.step(step)
            seen[step] = self.weights()[0]
        told = self.told(4)
        self.assertEqual([(message["step"], message["sample"]) for message in told][::2], [(0, True), (2, True)])
        self.assert_same(self.sidecar.slot(self.sidecar.hello["matrices"][0])[1], seen[2])


if __name__ == "__main__":
    unittest.main()
