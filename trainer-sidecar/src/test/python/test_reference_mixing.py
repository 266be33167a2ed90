"""Sinkhorn, the residual mixing module, and the hyper-connected models that use it."""

import math
import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "main" / "python"))

import torch

from instability_guard.residual_mixing import ResidualMixing, sinkhorn
from reference_case import tiny
from reference_trainer.model import CharacterGpt
from reference_trainer.rivals.foresight import AlwaysProjected
from reference_trainer.rivals.method import Method
from reference_trainer.scenarios import SCENARIOS
from reference_trainer.train import Trainer, make_model


def textbook(matrices, iterations=20, epsilon=1e-6):
    logarithms = matrices.clamp(min=epsilon).log()
    for _ in range(iterations):
        logarithms = logarithms - logarithms.logsumexp(-2, keepdim=True)
        logarithms = logarithms - logarithms.logsumexp(-1, keepdim=True)
    return logarithms.exp()


def random(*shape):
    generator = torch.Generator().manual_seed(3)
    return (torch.randn(*shape, generator=generator, dtype=torch.float64) + 0.5).requires_grad_()


class SinkhornTest(unittest.TestCase):
    def test_should_agree_with_the_iteration_on_logarithms_and_its_gradient(self):
        for shape in ((4, 4), (7, 4, 4), (2, 3, 4, 4), (1, 1), (5, 2, 2)):
            for iterations in (1, 2, 20):
                with self.subTest(shape=shape, iterations=iterations):
                    matrices = random(*shape)
                    ours, theirs = sinkhorn(matrices, iterations), textbook(matrices, iterations)
                    weights = torch.linspace(-1.0, 2.0, ours.numel(), dtype=torch.float64).view(shape)
                    gradients = [torch.autograd.grad((each * weights).sum(), matrices)[0] for each in (ours, theirs)]
                    self.assertTrue(torch.allclose(ours, theirs, rtol=1e-12, atol=1e-14))
                    self.assertTrue(torch.allclose(*gradients, rtol=1e-9, atol=1e-12))

    def test_should_make_positive_matrices_doubly_stochastic(self):
        mixed = sinkhorn(torch.rand(50, 4, 4, generator=torch.Generator().manual_seed(1)) + 0.05)
        self.assertTrue(torch.allclose(mixed.sum(-1), torch.ones(50, 4), atol=1e-6))
        self.assertTrue(torch.allclose(mixed.sum(-2), torch.ones(50, 4), atol=1e-4))

    def test_should_leave_the_identity_and_give_nothing_to_negative_entries(self):
        self.assertTrue(torch.allclose(sinkhorn(torch.eye(4)), torch.eye(4), atol=1e-5))
        matrix = torch.tensor([[1.0, -3.0], [0.5, 1.0]], requires_grad=True)
        sinkhorn(matrix).square().sum().backward()
        self.assertEqual(matrix.grad[0, 1], 0.0)

    def test_should_survive_any_finite_size_and_any_type(self):
        for factor in (0.0, 1e-30, 1e30):
            mixed = sinkhorn(factor * torch.tensor([[3.0, 1.0], [1.0, -2.0]]))
            self.assertTrue(torch.allclose(mixed.sum(-1), torch.ones(2)), factor)
        self.assertEqual(sinkhorn(torch.eye(4).bfloat16()).dtype, torch.bfloat16)

    def test_should_keep_its_precision_under_autocast(self):
        for matrices in (torch.rand(4, 4), torch.rand(3, 4, 4)):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                mixed = sinkhorn(matrices)
            self.assertTrue(torch.equal(mixed, sinkhorn(matrices)))

    def test_should_keep_a_broken_matrix_visibly_broken_and_its_neighbours_whole(self):
        for broken in (math.nan, math.inf):
            matrices = torch.rand(2, 4, 4)
            matrices[0, 1, 2] = broken
            mixed = sinkhorn(matrices)
            self.assertTrue(torch.isnan(mixed[0]).all())
            self.assertTrue(torch.isfinite(mixed[1]).all())

    def test_should_refuse_what_is_not_square(self):
        with self.assertRaisesRegex(ValueError, r"square matrices \(\.\.\., n, n\), not \(2, 3\)"):
            sinkhorn(torch.zeros(2, 3))


class ResidualMixingTest(unittest.TestCase):
    def test_should_hand_back_the_very_tensor_until_it_projects(self):
        mixing, matrix = ResidualMixing(), torch.full((4, 4), 3.0)
        self.assertIs(mixing(matrix), matrix)
        mixing.projected = True
        self.assertTrue(torch.allclose(mixing(matrix), torch.full((4, 4), 0.25)))
        self.assertEqual(mixing.state_dict(), {})

    def test_should_keep_token_means_while_watching_only(self):
        mixing, matrices = ResidualMixing(projected=True), random(6, 4, 4)
        mixing(matrices)
        self.assertIsNone(mixing.mixed)
        mixing.watching = True
        mixed = mixing(matrices)
        self.assertTrue(torch.allclose(mixing.unprojected, matrices.mean(0)))
        self.assertTrue(torch.allclose(mixing.mixed, mixed.mean(0)))
        self.assertFalse(mixing.mixed.requires_grad or mixing.unprojected.requires_grad or mixing.is_static)

    def test_should_know_the_parameter_behind_a_static_matrix(self):
        mixing, parameter = ResidualMixing(), torch.nn.Parameter(torch.eye(4))
        mixing.watching = True
        for static in (parameter, parameter.view(4, 4)):
            mixing(static)
            self.assertIs(mixing.source, parameter)
        self.assertEqual(list(mixing.state_dict()) + list(mixing.parameters()), [])
        for other in (parameter + 0.0, parameter.t(), torch.nn.Parameter(torch.zeros(2, 4, 4))[0]):
            mixing(other)
            self.assertFalse(mixing.is_static)

    def test_should_keep_a_copy_that_the_optimizer_does_not_change(self):
        mixing, parameter = ResidualMixing(), torch.nn.Parameter(torch.eye(4))
        mixing.watching = True
        mixing(parameter)
        parameter.data.zero_()
        self.assertTrue(torch.equal(mixing.mixed, torch.eye(4)))


class HyperConnectionsTest(unittest.TestCase):
    INPUTS = torch.randint(0, 97, (2, 32), generator=torch.Generator().manual_seed(1))

    def model(self, name):
        torch.manual_seed(1)
        return make_model(replace(SCENARIOS[name], layers=3))

    def test_should_start_as_a_plain_residual_model_per_stream(self):
        for name in ("D12", "S24"):
            hyper = self.model(name)
            torch.manual_seed(1)
            plain = CharacterGpt(97, 3, 32, 2, 32, "pre", "none")
            state = hyper.state_dict()
            plain.load_state_dict({key: state[key] for key in plain.state_dict()})
            hyper.final_norm = torch.nn.Identity()
            self.assertTrue(torch.allclose(hyper(self.INPUTS), 4.0 * plain(self.INPUTS), atol=1e-5), name)

    def test_should_follow_the_formula_of_dynamic_hyper_connections(self):
        connection = self.model("D12").connections()[1]
        with torch.no_grad():
            for parameter in connection.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
        streams = torch.randn(4, 5, 32, generator=torch.Generator().manual_seed(3))
        result = connection(streams, torch.nn.Identity(), torch.tanh)
        for token in range(5):
            h, (s_b, s_a) = streams[:, token], connection.gates
            w_b, w_m, w_r = connection.dynamics.split((1, 1, 4), 1)
            reads = s_a * (h @ w_m).t() + connection.reads
            writes = s_b * (h @ w_b).t() + connection.writes
            mixing = (s_a * (h @ w_r)).t() + connection.residual
            expected = mixing @ h + writes.t() @ torch.tanh(reads @ h)
            self.assertTrue(torch.allclose(result[:, token], expected, atol=1e-4))

    def test_should_measure_the_gain_of_the_product(self):
        model = self.model("S24")
        with torch.no_grad():
            for connection in model.connections():
                connection.residual[0, 1:3] = 1.0
        model(self.INPUTS)
        self.assertEqual(model.composite_gain(), (13.0, 7.0))  # six shears: 1 + 6 + 6 along the row, 6 + 1 down

    def test_should_hold_the_gain_near_one_over_sixty_mixings_when_projected(self):
        trainer = Trainer(replace(SCENARIOS["S30"], batch=1, context=8), 1)
        AlwaysProjected(trainer)
        list(trainer.run(Method(), 6))
        self.assertEqual(len(trainer.model.connections()), 60)
        for gain in trainer.composite_gain():
            self.assertAlmostEqual(gain, 1.0, delta=0.01)

    def test_should_train_static_mixings_at_their_own_rate(self):
        groups = Trainer(tiny("S24"), 1).optimizer.param_groups
        self.assertAlmostEqual(groups[2]["lr"], 20 * groups[0]["lr"])
        self.assertEqual([tuple(each.shape) for each in groups[2]["params"]], [(4, 4), (4, 4)])


if __name__ == "__main__":
    unittest.main()
