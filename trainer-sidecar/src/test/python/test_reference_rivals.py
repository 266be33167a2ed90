"""The rivals do what their papers say, and the label says what happened."""

import importlib.util
import math
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[2] / "main" / "python"))

import torch

from reference_case import ReferenceCase, tiny
from reference_trainer.model import CausalAttention
from reference_trainer.outcome import judge
from reference_trainer.rivals import METHODS, make_method
from reference_trainer.rivals.attention import QkClip
from reference_trainer.rivals.clipping import AdaGC, Clip, ZClip
from reference_trainer.rivals.foresight import Oracle
from reference_trainer.rivals.msign import PeriodicMSign, apply_msign
from reference_trainer.rivals.penalties import SpectralPenalty
from reference_trainer.train import Trainer, gradient_norm


def parameters_with_gradient(norm):
    parameter = torch.nn.Parameter(torch.zeros(3, 4))
    parameter.grad = torch.full((3, 4), norm / math.sqrt(12.0))
    return [parameter]


def random_weight(rows, columns):
    return torch.nn.Parameter(torch.randn(rows, columns, generator=torch.Generator().manual_seed(1)))


class RivalsTest(ReferenceCase):
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

    def test_should_clip_every_tensor_against_its_own_past(self):
        first, second = parameters_with_gradient(1.0), parameters_with_gradient(0.5)
        rival = AdaGC(first + second)
        for step in range(100):
            rival.before_update(step, 0.9)
        first[0].grad.mul_(7.0)
        rival.before_update(100, 7.0)
        self.assertAlmostEqual(gradient_norm(first), 1.05, places=5)
        self.assertAlmostEqual(gradient_norm(second), 0.5, places=5)
        first[0].grad.mul_(7.0)
        rival.before_update(101, 7.0)
        self.assertAlmostEqual(gradient_norm(first), 1.05 * (0.98 + 0.02 * 1.05), places=5)

    def test_should_add_the_gradient_of_the_squared_spectral_norm(self):
        weight = random_weight(5, 4)
        rival = SpectralPenalty([weight], 0.01)
        for step in range(200):
            weight.grad = torch.zeros_like(weight)
            rival.before_update(step, 1.0)
        (expected,) = torch.autograd.grad(0.01 * torch.linalg.matrix_norm(weight, 2) ** 2, weight)
        self.assertTrue(torch.allclose(weight.grad, expected, atol=1e-6))

    def test_should_bring_the_largest_logit_of_every_head_down_to_tau(self):
        torch.manual_seed(1)
        attention = CausalAttention(8, 2, 6)
        hidden = torch.randn(12, 8, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            attention.query.weight[:4].mul_(200.0)
        attention(hidden, 2)
        before = attention.max_logits.clone()
        tau = before.mean().item()
        QkClip([attention], tau).after_update(0, 1.0, 1.0, before.max().item())
        attention(hidden, 2)
        self.assertAlmostEqual(attention.max_logits[0].item(), tau, delta=1e-4 * tau)
        self.assertEqual(attention.max_logits[1], before[1])

    def test_should_halve_the_learning_rate_before_the_run_is_lost(self):
        trainer = Trainer(tiny("S", steps=60), 1, self.text)
        with mock.patch("reference_trainer.outcome.ABSURD_LOSS", 4.4):
            oracle = Oracle(trainer)
        rates = [record.learning_rate * 150 / (record.step + 1) for record in trainer.run(oracle, 3)]
        self.assertEqual(oracle.acts_at, 0)
        self.assertAlmostEqual(rates[2], trainer.scenario.learning_rate / 2)

    def test_should_run_every_method(self):
        for method in METHODS:
            if method == "kss" and importlib.util.find_spec("instability_guard.koopman_shaping") is None:
                continue
            for name in ("S", "recall-1e-2", "D12", "S24"):
                with self.subTest(scenario=name, method=method):
                    trainer = Trainer(tiny(name, steps=2), 1, self.text)
                    rival = make_method(method, trainer)
                    self.assertEqual(len(list(trainer.run(rival, 2))), 2)
                    rival.close()

    def test_should_refuse_an_unknown_method(self):
        with self.assertRaisesRegex(ValueError, "unknown method 'magic': one of none,"):
            make_method("magic", Trainer(tiny("S"), 1, self.text))


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

    def test_should_call_a_smaller_rise_a_collapse_only(self):
        outcome = judge([2.5] * 100 + [3.0] * 100)
        self.assertEqual((outcome.diverged, outcome.collapsed), (False, True))

    def test_should_forgive_transients_where_told_so(self):
        passing = self.HEALTHY[:60] + [math.nan] * 3 + self.HEALTHY[63:]
        self.assertFalse(judge(passing, forgives_transients=True).diverged)
        self.assertEqual(judge(self.HEALTHY[:60] + [math.nan] * 9, forgives_transients=True).diverged_at_step, 60)

    def test_should_label_by_the_gradient_beside_the_loss(self):
        outcome = judge(self.HEALTHY, [1.0] * 30 + [501.0] + [1.0] * 169)
        self.assertEqual((outcome.diverged, outcome.gradient_label_step), (False, 30))
        self.assertEqual(judge(self.HEALTHY, [1.0, math.nan]).gradient_label_step, 1)

    def test_should_count_spikes_of_seven_deviations(self):
        losses = [2.0 + 0.1 * (step % 2) for step in range(250)]
        self.assertEqual(judge(losses).spike_score, 0.0)
        losses[100] = losses[200] = 9.0
        self.assertEqual(judge(losses).spike_score, 100.0 * 2 / 200)

    def test_should_judge_a_run_without_steps(self):
        self.assertEqual(judge([]).final_loss, None)


if __name__ == "__main__":
    unittest.main()
