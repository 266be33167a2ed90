"""The penalty of Koopman spectral shaping: known spectra, gradients, and input that has no spectrum."""

import math
import unittest
from dataclasses import replace

import torch
from instability_guard.koopman_shaping import (
    PAPER,
    ShapingSettings,
    confined,
    eigenvalue_moduli,
    koopman_shaping,
    spectral_penalty,
)

TOKENS, WIDTH = 64, 6
EXACT = ShapingSettings(rank=WIDTH, regularisation=1e-12)


def snapshots(operator: torch.Tensor, tokens: int = TOKENS) -> "tuple[torch.Tensor, torch.Tensor]":
    """Random entering snapshots and what `operator` makes of them."""
    generator = torch.Generator().manual_seed(1)
    entering = torch.randn(tokens, len(operator), generator=generator, dtype=torch.float64)
    leaving = (entering @ operator.t()).requires_grad_()
    return entering.requires_grad_(), leaving


def diagonal(*values: float) -> torch.Tensor:
    return torch.diag(torch.tensor(values, dtype=torch.float64))


def rotation(modulus: float, angle: float) -> torch.Tensor:
    """Two eigenvalues modulus * exp(+-i angle)."""
    c, s = modulus * math.cos(angle), modulus * math.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


JORDAN = diagonal(1, 1, 1, 1, 1, 1) + torch.diag(torch.ones(WIDTH - 1, dtype=torch.float64), 1)


class KoopmanShapingTest(unittest.TestCase):
    def test_should_find_the_spectrum_whatever_the_whitening(self) -> None:
        operator = torch.block_diag(rotation(1.2, 0.7), rotation(0.95, 2.0), diagonal(-0.5, 0.1))
        mixing = torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        entering, leaving = snapshots(mixing @ operator @ torch.linalg.inv(mixing))
        found = eigenvalue_moduli(entering, leaving, EXACT)
        expected = torch.tensor([0.1, 0.5, 0.95, 0.95, 1.2, 1.2], dtype=torch.float64)
        torch.testing.assert_close(found.detach().sort().values, expected, atol=1e-6, rtol=0)

    def test_should_be_the_formula_of_the_paper(self) -> None:
        # By hand: modes at 2 and 0. With so steep a gate only the first is over, by .95, and none is near 1.
        moduli = torch.tensor([2.0, 0.0], dtype=torch.float64)
        expected = math.log1p(math.exp(0.95)) ** 2 + 0.4**2
        self.assertAlmostEqual(spectral_penalty(moduli, replace(PAPER, temperature=200.0)).item(), expected, places=9)

    def test_should_penalise_the_logarithm_of_what_grows(self) -> None:
        moduli = torch.tensor([2.1, 1.05, 0.9, 0.0], dtype=torch.float64)
        self.assertAlmostEqual(spectral_penalty(moduli, ShapingSettings()).item(), math.log(2) ** 2, places=9)

    def test_should_be_zero_where_nothing_is_to_penalise(self) -> None:
        entering, leaving = snapshots(diagonal(1, 1, 0.9, 0.5, 0.1, -1))
        penalty = koopman_shaping(entering, leaving, ShapingSettings())
        penalty.backward()
        self.assertEqual((penalty.item(), leaving.grad.abs().max().item()), (0.0, 0.0))
        moduli = torch.tensor([0.98, 0.98, 0.3, 0.2, 0.1], dtype=torch.float64)
        self.assertLess(spectral_penalty(moduli, replace(PAPER, temperature=1000.0)).item(), 1e-9)

    def test_should_see_growth_of_the_mean_unless_centred(self) -> None:
        entering = snapshots(diagonal(1, 1, 1, 1, 1, 1))[0].detach() + 5.0
        leaving = entering + entering.mean(0)
        for settings, expected in ((EXACT, 2.0), (replace(EXACT, centred=True), 1.0)):
            self.assertAlmostEqual(eigenvalue_moduli(entering, leaving, settings).max().item(), expected, delta=0.05)

    def test_should_agree_with_finite_differences_where_eigenvalues_are_simple(self) -> None:
        operator = torch.block_diag(rotation(1.2, 0.7), rotation(0.95, 2.0), diagonal(-0.5, 0.1))
        entering, leaving = snapshots(operator, tokens=12)
        for settings in (EXACT, PAPER, replace(PAPER, through_entering=True)):
            inputs = (entering, leaving) if settings.through_entering else (entering.detach(), leaving)
            self.assertTrue(torch.autograd.gradcheck(lambda x, y, s=settings: koopman_shaping(x, y, s), inputs))

    def test_should_have_finite_gradients_for_degenerate_spectra(self) -> None:
        cases = {
            "identity": diagonal(1, 1, 1, 1, 1, 1),
            "zero": diagonal(0, 0, 0, 0, 0, 0),
            "repeated pairs": torch.block_diag(rotation(1.1, 1.0), rotation(1.1, 1.0), rotation(1.1, 1.0)),
            "defective": JORDAN,
            "huge": diagonal(1e30, 1, 1, 1, 1, 1),
        }
        for name, operator in cases.items():
            for settings in (ShapingSettings(), replace(PAPER, through_entering=True)):
                entering, leaving = snapshots(operator)
                penalty = koopman_shaping(entering, leaving, settings)
                penalty.backward()
                finite = [bool(torch.isfinite(part).all()) for part in (penalty, leaving.grad, entering.grad)]
                self.assertEqual(finite, [True, True, True], name)

    def test_should_push_repeated_eigenvalues_like_a_single_one(self) -> None:
        entering, leaving = snapshots(diagonal(1.2, 1.2, 1.2, 1.2, 1.2, 1.2))
        before = koopman_shaping(entering, leaving, EXACT)
        before.backward()
        after = koopman_shaping(entering, leaving.detach() - 1e-3 * leaving.grad, EXACT)
        predicted = -1e-3 * float((leaving.grad**2).sum())
        self.assertAlmostEqual((after - before).item() / predicted, 1.0, delta=0.05)

    def test_should_penalise_nothing_without_an_operator(self) -> None:
        good, _ = snapshots(diagonal(1, 1, 1, 1, 1, 1))
        broken = good.detach().clone()
        broken[3, 2] = math.nan
        flat, none = torch.ones(TOKENS, WIDTH), torch.ones(0, WIDTH)
        for entering, leaving in ((broken, good), (good, broken), (good, good / 0), (flat, flat), (none, none)):
            penalty = koopman_shaping(entering, leaving, PAPER)
            self.assertEqual((penalty.item(), penalty.requires_grad), (0.0, False))

    def test_should_cope_with_fewer_tokens_than_width_and_dead_directions(self) -> None:
        entering, leaving = snapshots(diagonal(1.2, 1.2, 1.2, 1.2, 1.2, 1.2), tokens=4)
        self.assertEqual(len(eigenvalue_moduli(entering, leaving, ShapingSettings())), 3)
        dead = entering.detach().repeat(8, 1) * torch.tensor([1, 1, 0, 0, 0, 0])
        moduli = eigenvalue_moduli(dead, 1.2 * dead, ShapingSettings()).sort().values
        torch.testing.assert_close(moduli[-2:], torch.tensor([1.2, 1.2], dtype=torch.float64), atol=1e-3, rtol=0)
        torch.testing.assert_close(moduli[:-2], torch.zeros(4, dtype=torch.float64), atol=1e-6, rtol=0)

    def test_should_keep_the_principal_directions_when_it_truncates(self) -> None:
        scales = torch.tensor([9.0, 8.0, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)
        entering, _ = snapshots(diagonal(1, 1, 1, 1, 1, 1), tokens=400)
        entering = entering.detach() * scales
        leaving = entering * torch.tensor([1.5, 0.7, 9.0, 9.0, 9.0, 9.0], dtype=torch.float64)
        found = eigenvalue_moduli(entering, leaving, ShapingSettings(rank=2)).sort().values
        torch.testing.assert_close(found, torch.tensor([0.7, 1.5], dtype=torch.float64), atol=0.02, rtol=0)

    def test_should_confine_the_gradient_to_the_block_and_to_a_norm(self) -> None:
        entering, _ = snapshots(diagonal(1, 1, 1, 1, 1, 1))
        weight = diagonal(1.5, 1.2, 1, 1, 1, 1).requires_grad_()
        penalty = koopman_shaping(entering, entering @ weight.t(), EXACT)
        (free,) = torch.autograd.grad(penalty, weight, retain_graph=True)
        for largest, expected in ((1e9, 0.1 * free), (0.01, 0.01 * free / free.norm())):
            weight.grad = None
            bounded = confined(penalty, [weight], 0.1, largest)
            bounded.backward()
            self.assertAlmostEqual(bounded.item(), 0.1 * penalty.item())
            self.assertIsNone(entering.grad)
            torch.testing.assert_close(weight.grad, expected)

    def test_should_confine_nothing_to_zero(self) -> None:
        weight = torch.ones(2, 2, requires_grad=True)
        for penalty in (torch.zeros(()), 0.0 * weight.sum(), math.inf * weight.sum(), torch.ones(()).requires_grad_()):
            confinement = confined(penalty, [weight], 0.1, 1.0)
            self.assertEqual((confinement.item(), confinement.requires_grad), (0.0, False))

    def test_should_leave_the_random_numbers_of_the_trainer_alone(self) -> None:
        state = torch.get_rng_state()
        entering, leaving = snapshots(diagonal(1, 1, 1, 1, 1, 1))
        koopman_shaping(entering, leaving, ShapingSettings(rank=2))
        self.assertTrue(torch.equal(state, torch.get_rng_state()))

    def test_should_refuse_snapshots_that_do_not_match(self) -> None:
        with self.assertRaisesRegex(ValueError, "tokens, width"):
            koopman_shaping(torch.ones(4, 3), torch.ones(4, 2), ShapingSettings())


if __name__ == "__main__":
    unittest.main()
