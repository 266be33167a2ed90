"""`attach` on the shapes of real training code: what is tracked, as what, and what a command changes."""

import copy
import unittest
from typing import Any, Dict

import torch
import training_models as models
from instability_guard import InstabilityGuard
from instability_guard.matrices import track
from torch import nn

from fake_sidecar import Message
from hook_case import MSIGN, HookCase
from signal_models import WIDTH
from training_models import Shape


class ModelCase(HookCase):
    """Trains a model of a shape under a guard that samples at every step."""

    @classmethod
    def setUpClass(cls) -> None:
        """One thread: on a busy machine threads of such small products mostly wait for each other."""
        super().setUpClass()
        cls.addClassCleanup(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)

    def watch(self, model: nn.Module, inputs: torch.Tensor, **options: Any) -> InstabilityGuard:
        self.model, self.inputs = model, inputs
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=1e-3)
        self.sidecar.replace = lambda weight: weight.flip(0)
        guard = self.attach(**{"sample_every": 1, **options})
        self.told = len(self.sidecar.of("STEP"))
        self.names = {matrix["name"]: matrix for matrix in self.sidecar.hello["matrices"]}
        return guard

    def train(self, guard: InstabilityGuard, step: int) -> Message:
        """One step; what was told of it."""
        self.optimizer.zero_grad()
        loss = self.output().square().mean()
        loss.backward()
        self.optimizer.step()
        self.assertTrue(torch.isfinite(loss))
        return self.report(guard, step, loss=loss)

    def output(self) -> torch.Tensor:
        """A forward pass."""
        return self.model(self.inputs)

    def report(self, guard: InstabilityGuard, step: int, **scalars: Any) -> Message:
        """What is told of a step; the slots are the hook's again."""
        guard.step(step, **scalars)
        self.assertEqual(guard.statistics["errors"], 0, self.warnings.texts)
        self.told += 1
        return self.sidecar.await_message("STEP", self.told)

    def staged(self, name: str) -> torch.Tensor:
        return self.sidecar.slot(self.names[name])[1]


class ShapeCase(ModelCase):
    """What is expected of a shape."""

    def assert_watched(self, shape: Shape) -> InstabilityGuard:
        """Roles and number of its matrices; its slots hold what was cut out by hand."""
        guard = self.watch(shape.model, shape.inputs)
        self.assertEqual({name: self.names[name]["role"] for name in shape.roles if name in self.names}, shape.roles)
        self.assertEqual(len(self.names), shape.matrices)
        self.train(guard, 0)
        for name, view in shape.views.items():
            torch.testing.assert_close(self.staged(name), view(shape.model).detach(), rtol=1e-6, atol=1e-7)
        return guard

    def assert_repaired(self, shape: Shape) -> None:
        """A command turns the named matrices upside down and leaves the rest; training goes on."""
        guard = self.assert_watched(shape)
        expected = self.repaired_by_hand(shape)
        self.sidecar.command("c1", MSIGN, at=1, layers=list(shape.views))
        self.report(guard, 1)
        answer = self.sidecar.await_message("APPLIED")
        self.assertEqual(answer["matrices"], [self.names[name]["index"] for name in shape.views])
        for name, parameter in shape.model.named_parameters():
            self.assertTrue(torch.equal(parameter, expected[name]), name)
        for step in (2, 3):
            self.train(guard, step)

    def repaired_by_hand(self, shape: Shape) -> Dict[str, torch.Tensor]:
        """Every parameter as it shall be; at first the views show something else, of the same norm."""
        before = {name: parameter.detach().clone() for name, parameter in shape.model.named_parameters()}
        with torch.no_grad():
            for view in shape.views.values():
                live = view(shape.model)
                turned = live.flip(0)
                self.assertFalse(torch.equal(live, turned))
                live.copy_(turned)
        expected = {name: parameter.detach().clone() for name, parameter in shape.model.named_parameters()}
        for name, parameter in shape.model.named_parameters():
            parameter.data.copy_(before[name])
            self.assertAlmostEqual(expected[name].norm().item(), before[name].norm().item(), places=5)
        return expected

    def assert_only_measured(self, shape: Shape, reason: str) -> None:
        """Measured, and refused with the reason, which each sample tells too; training goes on."""
        guard = self.assert_watched(shape)
        before = copy.deepcopy(shape.model.state_dict())
        self.sidecar.command("c1", MSIGN, at=1, layers=list(shape.views))
        self.report(guard, 1)
        status, why = self.refusal()
        self.assertEqual(status, "REFUSED")
        self.assertIn(reason, why or "")
        for name, value in shape.model.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]), name)
        self.assertIn(reason, "\n".join(self.train(guard, 2)["omissions"]))


class ModelsTest(ShapeCase):
    def test_should_take_the_reference_trainer(self) -> None:
        self.assert_repaired(models.reference())

    def test_should_take_nano_gpt(self) -> None:
        self.assert_repaired(models.nano_gpt())

    def test_should_take_the_transposed_layers_of_gpt2(self) -> None:
        self.assert_repaired(models.gpt2())

    def test_should_take_the_encoder_of_torch(self) -> None:
        self.assert_repaired(models.encoder())

    def test_should_take_llama(self) -> None:
        self.assert_repaired(models.llama())

    def test_should_take_a_compiled_model(self) -> None:
        self.assert_repaired(models.compiled())

    def test_should_take_compiled_blocks(self) -> None:
        self.assert_repaired(models.compiled_blocks())

    def test_should_take_tied_blocks_once(self) -> None:
        self.assert_repaired(models.tied())

    def test_should_take_each_expert_of_a_stack(self) -> None:
        self.assert_repaired(models.stacked_experts())

    def test_should_take_each_expert_of_a_transposed_stack(self) -> None:
        self.assert_repaired(models.transposed_experts())

    def test_should_take_experts_that_are_modules(self) -> None:
        self.assert_repaired(models.listed_experts())

    def test_should_measure_the_product_of_an_adapter(self) -> None:
        self.assert_only_measured(models.adapted(), "repair: it is a product of two factors")

    def test_should_split_the_product_of_an_adapter_of_a_fused_layer(self) -> None:
        self.assert_only_measured(models.plainly_adapted(), "repair: it is a product of two factors")

    def test_should_measure_frozen_weights_and_repair_those_beside_them(self) -> None:
        shape = models.nano_gpt()
        shape.model.transformer["h"][1].requires_grad_(False)
        guard = self.assert_watched(shape)
        frozen, trained = "transformer.h.1.mlp.c_fc.weight", "transformer.h.1.mlp.c_proj.weight"
        shape.model.transformer["h"][1].mlp["c_proj"].requires_grad_(True)
        self.optimizer.add_param_group({"params": list(shape.model.transformer["h"][1].mlp["c_proj"].parameters())})
        self.sidecar.command("c1", MSIGN, at=1, layers=[frozen, trained])
        told = self.train(guard, 1)
        answer = self.sidecar.await_message("APPLIED")
        self.assertEqual(answer["matrices"], [self.names[trained]["index"]])
        self.assertEqual(answer["measurements"]["matricesRefused"], 1)
        self.assertIn("repair: it is frozen [transformer.h.1.attn", "\n".join(told["omissions"]))

    def test_should_watch_the_attention_that_an_adapter_changes(self) -> None:
        shape = models.adapted()
        del shape.model.model.rotary_emb
        logits = []
        for scale in (1.0, 100.0):
            model = copy.deepcopy(shape.model)
            for block in model.model.layers:
                block.self_attn.q_proj.lora_B["default"].weight.data.mul_(scale)
            with self.watch(model, shape.inputs) as guard:
                statistics = self.train(guard, 0)["statistics"]
            logits.append([max(s["values"]) for s in statistics if s["metric"] == "attentionLogit"])
        self.assertEqual([len(of_blocks) for of_blocks in logits], [2, 2])
        self.assertTrue(all(large > 5.0 * small for small, large in zip(*logits)), logits)

    def test_should_track_a_tied_head_once_when_it_is_asked_for(self) -> None:
        shape = models.nano_gpt()
        self.watch(shape.model, shape.inputs, include=["*"])
        self.assertEqual([name for name in self.names if "wte" in name or "head" in name], ["transformer.wte.weight"])

    def test_should_say_what_is_no_matrix(self) -> None:
        shape = models.stacked_experts()
        shape.model.convolution = nn.Conv1d(WIDTH, WIDTH, 3)
        guard = self.watch(shape.model, shape.inputs)
        reason = "weight: it has 3 dimensions and is no stack of experts [convolution.weight]"
        self.assertIn(reason, self.train(guard, 0)["omissions"])
        self.assertEqual(len(self.names), shape.matrices)

    def test_should_give_the_slots_to_other_weights_before_experts(self) -> None:
        model = nn.ModuleDict({"experts": nn.Module(), "fc1": nn.Linear(2, 2, bias=False)})
        model["experts"].register_parameter("w1", nn.Parameter(torch.zeros(6000, 1, 1)))
        tracking = track(model)
        self.assertEqual(tracking.matrices[0].name, "fc1.weight")
        self.assertEqual(len(tracking.matrices) + len(tracking.left_out), 6001)
        self.assertIn("too many matrices", tracking.left_out[0][1])

    def test_should_leave_out_experts_and_adapters_that_are_sharded(self) -> None:
        adapted, experts = models.PlainAdaptedLinear(8, 8), models.StackedExperts(is_transposed=False)
        for parameter in (adapted.lora_A, experts.down_proj):
            parameter.placements = ()  # what tells a DTensor
        tracking = track(nn.ModuleDict({"q_proj": adapted, "experts": experts}))
        reason = "sharded experts and adapters are not put together"
        self.assertEqual(tracking.left_out, [("q_proj.lora_B", reason), ("experts.down_proj", reason)])

    def test_should_leave_out_factors_that_do_not_make_one_matrix(self) -> None:
        layer = models.PlainAdaptedLinear(8, 8)
        layer.lora_B = nn.Parameter(torch.zeros(4, 2))
        tracking = track(nn.ModuleDict({"q_proj": layer}))
        self.assertEqual([matrix.name for matrix in tracking.matrices], ["q_proj.weight"])
        reason = "its factors are not a pair that is added to one whole matrix"
        self.assertEqual(tracking.left_out, [("q_proj.lora_B", reason)])


if __name__ == "__main__":
    unittest.main()
