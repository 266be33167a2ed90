"""How real loops step: accumulated gradients, loss scalers, optimizers that keep their own copy of the weights."""

import math
import unittest
from typing import Any, Dict, List

import torch
from instability_guard import InstabilityGuard
from instability_guard.master_weights import MasterWeights, NoMaster
from instability_guard.optimizer_steps import OptimizerSteps
from torch import nn

from fake_sidecar import Message
from hook_case import MSIGN
from signal_models import WIDTH, Gpt, symbols
from test_hook_models import ModelCase

WEIGHT = "transformer.h.0.mlp.c_fc.weight"
QUERY = "transformer.h.0.attn.c_attn.weight[query]"


class MasterInState(torch.optim.Optimizer):
    """SGD with momentum that steps a float32 copy, kept in its state, and rounds it to the weight."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {"lr": 1e-6})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(parameter, dtype=torch.float32)
                    state["copy"] = parameter.detach().float().clone()
                state["momentum_buffer"].mul_(0.9).add_(parameter.grad.float())
                state["copy"].add_(state["momentum_buffer"], alpha=-group["lr"])
                parameter.copy_(state["copy"])


class MasterInLists(torch.optim.SGD):
    """SGD whose groups hold the weights, and whose copies stand in lists beside them, as in `apex`."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, lr=1e-6)
        self.param_groups_master = [
            {"params": [parameter.detach().float().clone() for parameter in group["params"]]}
            for group in self.param_groups
        ]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group, masters in zip(self.param_groups, self.param_groups_master):
            for parameter, master in zip(group["params"], masters["params"]):
                parameter.copy_(master.add_(parameter.grad.float(), alpha=-group["lr"]))


class MasterInGroups:
    """A wrapper that is no optimizer of torch: the one inside was given float32 copies instead of the weights."""

    def __init__(self, parameters: Any) -> None:
        self.weights = list(parameters)
        self.optimizer = torch.optim.Adam([weight.detach().float().clone() for weight in self.weights], lr=1e-6)

    @property
    def param_groups(self) -> List[Dict[str, Any]]:
        return self.optimizer.param_groups

    def zero_grad(self) -> None:
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        masters = self.param_groups[0]["params"]
        for master, weight in zip(masters, self.weights):
            master.grad = weight.grad.float()
        self.optimizer.step()
        for master, weight in zip(masters, self.weights):
            weight.copy_(master)


class OptimizerCase(ModelCase):
    """nanoGPT's blocks with two matrices turned upside down by a command, under an optimizer of a test."""

    def optimize(self, make: Any, dtype: torch.dtype = torch.bfloat16, sample_every: int = 1) -> InstabilityGuard:
        self.model = Gpt(2).to(dtype)
        self.inputs = symbols()
        self.sidecar.replace = lambda weight: weight.flip(0)
        self.optimizer = make(self.model.parameters())
        guard = self.attach(sample_every=sample_every)
        self.told = len(self.sidecar.of("STEP"))
        return guard

    def weight(self, name: str = WEIGHT) -> torch.Tensor:
        stored = dict(self.model.named_parameters())[name.partition("[")[0]].detach()
        return (stored[:WIDTH] if name == QUERY else stored).clone()

    def repair(self, guard: InstabilityGuard, step: int, **parameters: Any) -> Message:
        """APPLIED of a command for both matrices, given at a boundary without an optimizer step."""
        count = len(self.sidecar.of("APPLIED")) + 1
        self.sidecar.command("c%d" % step, MSIGN, at=step, layers=[WEIGHT, QUERY], **parameters)
        self.report(guard, step)
        return self.sidecar.await_message("APPLIED", count)


class MasterWeightsTest(OptimizerCase):
    def test_should_not_let_the_next_step_undo_a_repair(self) -> None:
        for make in (MasterInState, MasterInLists, MasterInGroups):
            with self.subTest(optimizer=make.__name__), self.optimize(make) as guard:
                self.train(guard, 0)
                before = {name: self.weight(name) for name in (WEIGHT, QUERY)}
                self.assertEqual(self.repair(guard, 1)["measurements"]["mastersReplaced"], 2)
                self.train(guard, 2)
                for name, weight in before.items():
                    change = (self.weight(name) - weight.flip(0)).abs().max()
                    self.assertLess(change, 0.01 * weight.abs().max(), name)

    def test_should_leave_the_copies_of_other_weights_and_slices_alone(self) -> None:
        with self.optimize(MasterInLists) as guard:
            self.train(guard, 0)
            names = [name for name, _ in self.model.named_parameters()]
            masters = dict(zip(names, self.optimizer.param_groups_master[0]["params"]))
            before = {name: master.clone() for name, master in masters.items()}
            self.repair(guard, 1)
            fused = QUERY.partition("[")[0]
            self.assert_same(masters[fused][:WIDTH], before[fused][:WIDTH].bfloat16().float().flip(0))
            self.assert_same(masters[fused][WIDTH:], before[fused][WIDTH:])
            for name in set(names) - {WEIGHT, fused}:
                self.assert_same(masters[name], before[name])

    def test_should_treat_the_moments_of_a_copy_as_those_of_the_weight(self) -> None:
        with self.optimize(MasterInGroups) as guard:
            self.train(guard, 0)
            measured = self.repair(guard, 1, moments=1)["measurements"]
            self.assertEqual((measured["momentsZeroed"], measured["momentsKept"]), (3, 1))
            inner, masters = self.optimizer.optimizer, self.optimizer.param_groups[0]["params"]
            index = [name for name, _ in self.model.named_parameters()].index(WEIGHT)
            self.assertEqual(inner.state[masters[index]]["exp_avg"].count_nonzero(), 0)

    def test_should_follow_a_copy_that_is_rounded_at_random_by_its_name(self) -> None:
        with self.optimize(MasterInState) as guard:
            self.train(guard, 0)
            state = self.optimizer.state[dict(self.model.named_parameters())[WEIGHT]]
            state["master_param"] = state.pop("copy") + 1.0
            self.repair(guard, 1)
            self.assert_same(state["master_param"], self.weight().float())

    def test_should_refuse_a_weight_that_no_given_optimizer_steps(self) -> None:
        with self.optimize(lambda parameters: torch.optim.SGD(list(parameters)[:1], lr=0.1)) as guard:
            before = self.weight()
            self.sidecar.command("c1", MSIGN, at=0, layers=[WEIGHT])
            self.report(guard, 0)
            reason = "repair: no tensor of the given optimizers is this weight or a copy of it [%s]" % WEIGHT
            self.assertEqual(self.refusal(), ("REFUSED", reason))
            self.assert_same(self.weight(), before)

    def test_should_refuse_to_choose_between_two_copies(self) -> None:
        weight = nn.Parameter(torch.randn(3, 4))
        twins = [weight.detach().clone() for _ in range(2)]
        optimizer = torch.optim.SGD(twins, lr=0.1)
        with self.assertRaisesRegex(NoMaster, "more than one tensor"):
            MasterWeights([optimizer]).of(weight)
        self.assertEqual([id(copy) for copy in MasterWeights([optimizer], twins[:1]).of(weight)], [id(twins[1])])

    def test_should_take_no_moment_of_zeros_for_a_copy_of_a_weight_of_zeros(self) -> None:
        weight = nn.Parameter(torch.zeros(3, 4, dtype=torch.bfloat16))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        optimizer.state[weight]["exp_avg"] = torch.zeros(3, 4)
        self.assertEqual(MasterWeights([optimizer]).of(weight), [])


class StepsTest(OptimizerCase):
    def test_should_count_accumulated_gradients_as_one_step(self) -> None:
        guard = self.optimize(lambda parameters: torch.optim.AdamW(parameters, lr=1e-3), torch.float32, sample_every=2)
        told = []
        for step in range(3):
            self.optimizer.zero_grad()
            losses = []
            for _ in range(4):
                loss = (self.model(self.inputs).square().mean() + guard.regularization()) / 4
                loss.backward()
                losses.append(loss.detach())
            self.optimizer.step()
            told.append(self.report(guard, step, loss=sum(losses)))
        self.assertEqual([(each["step"], each["sample"]) for each in told], [(0, True), (1, False), (2, True)])
        self.assertTrue(all(tokens > 0 for tokens in told[2]["snapshotTokens"]))
        self.assertNotIn("omissions", told[1])

    def scaled(self, guard: InstabilityGuard, scaler: Any, step: int, overflow: bool) -> Message:
        """A step of automatic mixed precision; what was told of it."""
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.model(self.inputs).square().mean()
        scaler.scale(loss * (math.inf if overflow else 1.0)).backward()
        scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        scaler.step(self.optimizer)
        scaler.update()
        self.assertEqual(bool(torch.isfinite(norm)), not overflow)
        return self.report(guard, step, loss=loss, gradient_norm=norm)

    def test_should_tell_a_step_that_a_loss_scaler_skipped(self) -> None:
        for fused in (False, True):
            make = lambda parameters, fused=fused: torch.optim.AdamW(parameters, lr=1e-3, fused=fused)  # noqa: E731
            with self.subTest(fused=fused), self.optimize(make, torch.float32) as guard:
                scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
                first = self.scaled(guard, scaler, 0, overflow=True)
                second = self.scaled(guard, scaler, 1, overflow=False)
                before = self.weight()
                third = self.scaled(guard, scaler, 2, overflow=True)
                self.assert_same(self.weight(), before)
                self.assertTrue(math.isnan(first["gradientNorm"]), "unknown, and no infinity")
                self.assertTrue(math.isfinite(second["gradientNorm"]))
                self.assertEqual(third["gradientNorm"], second["gradientNorm"])
                said = [any("skipped" in line for line in told["omissions"]) for told in (first, second, third)]
                self.assertEqual(said, [True, False, True])

    def test_should_tell_an_infinite_gradient_of_a_step_that_was_taken(self) -> None:
        with self.optimize(lambda parameters: torch.optim.SGD(parameters, lr=0.0), torch.float32) as guard:
            self.train(guard, 0)
            self.optimizer.step()
            self.assertEqual(self.report(guard, 1, gradient_norm=torch.tensor(math.inf))["gradientNorm"], math.inf)

    def test_should_believe_an_infinite_gradient_where_it_knows_no_optimizer(self) -> None:
        steps = OptimizerSteps(is_told=False)
        self.assertEqual(steps.told(math.inf), (math.inf, []))

    def test_should_repair_weights_under_a_loss_scaler(self) -> None:
        with self.optimize(lambda parameters: torch.optim.AdamW(parameters, lr=1e-3), torch.float32) as guard:
            scaler = torch.amp.GradScaler("cpu")
            self.scaled(guard, scaler, 0, overflow=False)
            before = self.weight()
            self.repair(guard, 1)
            self.assert_same(self.weight(), before.flip(0))
            self.scaled(guard, scaler, 2, overflow=False)


if __name__ == "__main__":
    unittest.main()
