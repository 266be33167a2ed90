"""Exact block Jacobians against dense ones."""

import math
import unittest
from typing import Any, Callable, List, Tuple

import torch
from reference_trainer.model import CharacterGpt
from torch import nn

from signal_case import SignalCase
from signal_models import WIDTH, Gpt, Llama, symbols


class Anisotropic(nn.Module):
    """A residual block whose top singular values are well apart."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.up, self.down = nn.Linear(3, 5), nn.Linear(5, 3)
        with torch.no_grad():
            self.down.weight[0] *= 6.0

    def forward(self, hidden: torch.Tensor, gain: float, cache: Any = None) -> torch.Tensor:
        return hidden + gain * self.down(torch.tanh(self.up(hidden) + self.up(hidden).cumsum(1)))


class Anisotropies(nn.Module):
    """Three of them."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Anisotropic(seed) for seed in range(3)])

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            hidden = block(hidden, 0.7, cache=None)
        return hidden


class DynamicCache:
    """Stands for the keys and values that a Hugging Face model hands to its blocks."""


def dense(function: Callable[[torch.Tensor], torch.Tensor], point: torch.Tensor) -> torch.Tensor:
    """The whole Jacobian, by automatic differentiation."""
    return torch.func.jacrev(function)(point).reshape(point.numel(), point.numel()).detach()


def alignment(upper: torch.Tensor, lower: torch.Tensor) -> float:
    return abs(torch.dot(torch.linalg.svd(upper)[2][0], torch.linalg.svd(lower)[0][:, 0]).item())


class JacobianTest(SignalCase):
    def dense_ones(self) -> Tuple[Anisotropies, torch.Tensor, List[torch.Tensor]]:
        model = Anisotropies()
        batch = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(9))
        jacobians, stream = [], batch[:1]
        for block in model.blocks:
            jacobians.append(dense(lambda x, block=block: block(x, 0.7), stream))
            stream = block(stream, 0.7).detach()
        return model, batch, jacobians

    def test_should_match_dense_jacobians(self) -> None:
        model, batch, (first, second, third) = self.dense_ones()
        self.watch(model, exact_jacobians_every=1)
        model(batch).sum().backward()
        fields = self.stage()
        norms = self.values(fields, "exactBlockNorm")
        for path, jacobian in (("blocks.0", first), ("blocks.1", second), ("blocks.2", third)):
            self.assertAlmostEqual(norms[path][0] / torch.linalg.matrix_norm(jacobian, 2).item(), 1.0, delta=1e-4)
        alignments = self.values(fields, "exactBlockAlignment")
        self.assertAlmostEqual(alignments["blocks.1"][0], alignment(second, first), delta=1e-3)
        self.assertAlmostEqual(alignments["blocks.2"][0], alignment(third, second), delta=1e-3)
        of_products = self.values(fields, "exactBlockProductAlignment")
        self.assertAlmostEqual(of_products["blocks.2"][0], alignment(third, second @ first), delta=1e-3)
        log_norm = math.log(torch.linalg.matrix_norm(third @ second @ first, 2).item())
        self.assertAlmostEqual(self.values(fields, "exactBlockLogProductNorm")["blocks.2"][0], log_norm, delta=1e-4)

    def test_should_leave_the_run_as_it_was(self) -> None:
        model = Gpt(2, dropout=0.3)
        self.watch(model, exact_jacobians_every=1)
        model(symbols())
        modes = [module.training for module in model.modules()]
        weights = [parameter.detach().clone() for parameter in model.parameters()]
        state = torch.get_rng_state()
        self.assertEqual(len(self.values(self.stage(), "exactBlockNorm")), 2)
        self.assertTrue(torch.equal(torch.get_rng_state(), state))
        self.assertEqual([module.training for module in model.modules()], modes)
        self.assertTrue(all(parameter.grad is None for parameter in model.parameters()))
        self.assertTrue(all(map(torch.equal, model.parameters(), weights)))

    def test_should_take_one_sequence_of_each_calling_convention(self) -> None:
        for model in (Gpt(2), Gpt(2, as_tuple=True), Llama(), CharacterGpt(11, 2, WIDTH, 2, 8, "pre")):
            whole = self.norms(model, symbols())
            alone = self.norms(model, symbols()[:1])
            self.assertEqual(len(whole), 2)
            for one, other in zip(whole, alone):
                self.assertAlmostEqual(one / other, 1.0, delta=1e-3)

    def norms(self, model: nn.Module, inputs: torch.Tensor) -> List[float]:
        self.watch(model, exact_jacobians_every=1)
        model(inputs)
        return [norm for (norm,) in self.values(self.stage(), "exactBlockNorm").values()]

    def test_should_cut_long_sequences(self) -> None:
        model = CharacterGpt(11, 1, WIDTH, 2, 200, "pre")
        first = symbols(1, 200)
        self.assertAlmostEqual(self.norms(model, first)[0], self.norms(model, first[:, :128])[0], places=4)

    def test_should_be_taken_at_its_own_cadence(self) -> None:
        model = Gpt(1)
        self.watch(model, exact_jacobians_every=20)
        taken = []
        for step in (0, 10, 20, 30, 50):
            self.signals.arm(step)
            model(symbols())
            fields = self.signals.stage(step, self.staging.slots)
            taken.append("exactBlockNorm" in {s["metric"] for s in fields["statistics"]})
        self.assertEqual(taken, [True, False, True, False, True])

    def test_should_say_why_a_block_has_none(self) -> None:
        model = Gpt(2)
        self.watch(model, exact_jacobians_every=1)
        model(symbols())
        with torch.no_grad():
            model.transformer["h"][1].attn.c_proj.weight.fill_(float("inf"))
        fields = self.stage()
        self.assertEqual(list(self.values(fields, "exactBlockNorm")), ["transformer.h.0"])
        self.assertEqual(self.values(fields, "exactBlockLogProductNorm"), {})
        self.assertEqual(fields["omissions"], ["exact Jacobian: its Jacobian is not finite [transformer.h.1]"])

    def test_should_leave_out_a_block_that_cannot_be_called_alone(self) -> None:
        model = Anisotropies()
        self.watch(model, exact_jacobians_every=1)
        for block, cache in zip(model.blocks, (object(), DynamicCache(), None)):
            block(torch.zeros(2, 3, 3), 0.7, cache)
        fields = self.stage()
        self.assertEqual(list(self.values(fields, "exactBlockNorm")), ["blocks.1", "blocks.2"])
        self.assertIn("exact Jacobian: its argument 2 is a object [blocks.0]", fields["omissions"])


if __name__ == "__main__":
    unittest.main()
