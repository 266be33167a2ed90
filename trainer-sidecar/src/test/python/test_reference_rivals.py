"""The rivals do what their papers say, and the label says what happened."""

import math
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "main" / "python"))

import torch

from reference_trainer.outcome import judge
from reference_trainer.rivals import METHODS, Clip, PeriodicMSign, ZClip, apply_msign, make_method
from reference_trainer.scenario import SCENARIOS
from reference_trainer.train import Trainer, gradient_norm


def parameters_with_gradient(norm):
    parameter = torch.nn.Parameter(torch.zeros(3, 4))
    parameter.grad = torch.full((3, 4), norm / math.sqrt(12.0))
    return [parameter]


def random_weight(rows, columns):
    return torch.nn.Parameter(torch.randn(rows, columns, generator=torch.Generator().manual_seed(1)))


class RivalsTest(unittest.TestCase):
    def test_should_clip_to_the_largest_norm(self):
        parameters = parameters_with_gradient(7.0)
        Clip(parameters, 1.0).before_update(0, 7.0)
        self.assertAlmostEqual(gradient_norm(parameters), 1.0, places=5)

    def test_should_leave_a_small_gradient_alone(self):
        parameters = parameters_with_gradient(0.5)
        before = parameters[0].grad.clone()
        Clip(parameters, 1.0).before_update(0, 0.5)
        self.assertTrue(torch.equal(parameters[0].grad, before))

    def test_should_clip_an_outlier_by_the_published_rule(self):
        parameters = parameters_with_gradient(10.0)
        rival = ZClip(parameters)
        for step in range(25):
            rival.before_update(step, 1.0 if step % 2 else 2.0)
        mean = (13 * 2.0 + 12 * 1.0) / 25
        deviation = math.sqrt((13 * (2.0 - mean) ** 2 + 12 * (1.0 - mean) ** 2) / 25)
        z = (10.0 - mean) / (deviation + 1e-6)
        self.assertGreater(z, 2.5)
        rival.before_update(25, 10.0)
        self.assertAlmostEqual(gradient_norm(parameters), mean + 6.25 * deviation / z, places=4)

    def test_should_ignore_a_norm_that_is_not_finite(self):
        rival = ZClip(parameters_with_gradient(1.0))
        for step in range(30):
            rival.before_update(step, 1.0 + 0.1 * (step % 3))
        limit = rival.clipped(100.0)
        rival.before_update(30, math.inf)
        rival.before_update(31, math.nan)
        self.assertEqual(rival.clipped(100.0), limit)

    def test_should_keep_the_frobenius_norm_and_level_the_singular_values(self):
        for shape in ((6, 6), (8, 3), (3, 8)):
            weight = random_weight(*shape)
            before = weight.norm().item()
            apply_msign([weight])
            values = torch.linalg.svdvals(weight.detach())
            self.assertAlmostEqual(weight.norm().item(), before, places=4)
            self.assertAlmostEqual((values.max() / values.min()).item(), 1.0, places=4)

    def test_should_leave_a_matrix_that_is_not_finite_alone(self):
        weight = torch.nn.Parameter(torch.full((2, 2), math.nan))
        apply_msign([weight])
        self.assertTrue(torch.isnan(weight).all())

    def test_should_apply_msign_every_period_only(self):
        weight = random_weight(4, 4)
        rival = PeriodicMSign([weight], 100)
        before = weight.detach().clone()
        for step in range(99):
            rival.after_update(step, 1.0, 1.0, 1.0)
        self.assertTrue(torch.equal(weight, before))
        rival.after_update(99, 1.0, 1.0, 1.0)
        self.assertFalse(torch.equal(weight, before))

    def test_should_run_every_method_on_every_scenario(self):
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder) / "text.txt"
            text.write_text("The quick brown fox jumps over the lazy dog.\n" * 40)
            for name, scenario in SCENARIOS.items():
                for method in METHODS:
                    with self.subTest(scenario=name, method=method):
                        trainer = Trainer(scenario, 1, text)
                        self.assertEqual(len(list(trainer.run(make_method(method, trainer.model), 2))), 2)


class OutcomeTest(unittest.TestCase):
    HEALTHY = [4.5 * math.exp(-step / 40) + 2.5 for step in range(200)]

    def test_should_call_a_healthy_run_healthy(self):
        outcome = judge(self.HEALTHY)
        self.assertFalse(outcome.diverged)
        self.assertAlmostEqual(outcome.final_loss, sum(self.HEALTHY[-25:]) / 25)

    def test_should_name_the_first_loss_above_fifty(self):
        self.assertEqual(judge(self.HEALTHY[:100] + [51.0] + self.HEALTHY[100:]).diverged_at_step, 100)

    def test_should_name_the_first_loss_that_is_not_finite(self):
        outcome = judge(self.HEALTHY[:60] + [math.nan])
        self.assertEqual((outcome.diverged, outcome.diverged_at_step), (True, 60))
        self.assertIsNone(outcome.final_loss)

    def test_should_name_the_step_from_which_the_loss_stayed_high(self):
        outcome = judge([2.5] * 100 + [4.0] * 100)
        self.assertEqual((outcome.diverged, outcome.diverged_at_step), (True, 110))

    def test_should_forgive_a_bump_that_comes_back(self):
        self.assertFalse(judge([2.5] * 100 + [4.0] * 50 + [2.5] * 50).diverged)

    def test_should_judge_a_run_without_steps(self):
        self.assertEqual(judge([]).final_loss, None)


if __name__ == "__main__":
    unittest.main()
