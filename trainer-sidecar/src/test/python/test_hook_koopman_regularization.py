"""Koopman spectral shaping in a training loop: off it is nothing, on it is the mean penalty of half of the blocks."""

import copy
import io
import unittest
from typing import Any, List
from unittest import mock

import torch
from instability_guard import InstabilityGuard
from instability_guard import koopman_regularization as regularization_module
from instability_guard.blocks import Block
from instability_guard.koopman_regularization import ShapingOrder
from instability_guard.koopman_shaping import ShapingSettings, koopman_shaping
from instability_guard.snapshots import spread
from torch.utils.checkpoint import checkpoint

from hook_case import HookCase
from intervention_case import BLOCK, OTHER_BLOCK, WIDTH, InterventionCase

KSS = "ENABLE_KSS"


def infinite(entering: torch.Tensor, leaving: torch.Tensor, settings: ShapingSettings) -> torch.Tensor:
    return leaving.sum() * float("inf")


class KoopmanRegularizationTest(InterventionCase):
    def enabled(self, **parameters: Any) -> InstabilityGuard:
        """A guard with KSS on from step 1; every step unless said otherwise."""
        guard = self.attach_able()
        self.applied(guard, 0, "k", KSS, **{"every": 1, **parameters})
        return guard

    def hooks(self) -> int:
        return sum(len(block._forward_hooks) + len(block._forward_pre_hooks) for block in self.model.blocks)

    def test_should_be_an_exact_zero_without_a_graph_while_off(self) -> None:
        self.model.to(torch.bfloat16)
        guard = self.attach_able()
        zero = guard.regularization()
        self.assertEqual((zero.item(), zero.dim(), zero.dtype), (0.0, 0, torch.float32))
        self.assertFalse(zero.requires_grad)
        zero += 1.0
        self.assertEqual(guard.regularization().item(), 0.0, "whoever adds in place changes nothing of ours")
        self.model.to(torch.float64)
        self.assertEqual(guard.regularization().dtype, torch.float64)
        guard.close()
        self.assertEqual(guard.regularization().item(), 0.0)
        self.assertEqual(copy.deepcopy(guard).regularization().item(), 0.0)

    def test_should_leave_training_as_it_is_while_off(self) -> None:
        twin = copy.deepcopy(self.model)
        self.train(self.attach_able(), 0)
        optimizer = torch.optim.Adam(twin.parameters(), lr=1e-3)
        twin(self.inputs).square().mean().backward()
        optimizer.step()
        for parameter, expected in zip(self.model.parameters(), twin.parameters()):
            self.assert_same(parameter.detach(), expected.detach())

    def test_should_be_strength_times_the_penalty_of_sampled_tokens(self) -> None:
        guard = self.enabled(strength=0.5, layers=(OTHER_BLOCK,))
        entering, leaving = self.stream(self.model.blocks[1])
        self.train(guard, 1)
        rows = spread(len(entering), 4 * WIDTH, seed=1)
        expected = 0.5 * koopman_shaping(entering[rows], leaving[rows], ShapingSettings())
        self.assertTrue(torch.allclose(self.penalty, expected, rtol=1e-4))
        self.assertGreater(self.penalty.item(), 0.0)

    def test_should_reach_the_weights_of_the_block_and_those_before(self) -> None:
        guard = self.enabled(layers=(OTHER_BLOCK,))
        self.optimizer.zero_grad()
        self.model(self.inputs)
        guard.regularization().backward()
        for block in self.model.blocks:
            self.assertGreater(block.fc1.weight.grad.abs().max().item(), 0.0)
            self.assertTrue(torch.isfinite(block.fc1.weight.grad).all())

    def test_should_draw_half_of_the_blocks_at_its_turns_from_the_step_alone(self) -> None:
        blocks = [Block(str(depth), depth, WIDTH, "float32", torch.nn.Identity()) for depth in range(7)]
        order = ShapingOrder(blocks, strength=0.1, every=5, until_step=-1)
        drawn = [[block.depth for block in order.chosen(step)] for step in range(21)]
        self.assertEqual([len(depths) for depths in drawn[:11]], [4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4])
        self.assertEqual(drawn, [[block.depth for block in order.chosen(step)] for step in range(21)])
        self.assertGreater(len({frozenset(depths) for depths in drawn if depths}), 1)

    def test_should_ask_for_the_penalty_at_its_turns_only(self) -> None:
        guard = self.attach_able()
        with mock.patch.object(regularization_module, "koopman_shaping", side_effect=koopman_shaping) as shaping:
            self.order("k", KSS, every=3)
            calls = []
            for step in range(8):
                self.train(guard, step)
                calls.append(shaping.call_count)
        self.assertEqual(calls, [0, 0, 0, 1, 1, 1, 2, 2])

    def test_should_end_by_itself_and_leave_no_hook(self) -> None:
        guard = self.enabled(untilStep=2)
        penalties = []
        for step in range(1, 5):
            self.train(guard, step)
            penalties.append(self.penalty.item() > 0.0)
        self.assertEqual(penalties, [True, True, False, False])
        self.assertEqual(self.hooks(), 0)

    def test_should_end_when_disabled_or_rolled_back_and_tell_its_cost(self) -> None:
        for end, fields in (("DISABLE_KSS", {}), ("ROLL_BACK", {"undoes": "k"})):
            with self.subTest(end=end), self.attach_able() as guard:
                self.order("k", KSS, every=1)
                for step in range(3):
                    self.train(guard, step)
                count = len(self.sidecar.of("APPLIED"))
                self.sidecar.command("e", end, at=3, **fields)
                self.train(guard, 3)
                measured = self.sidecar.await_message("APPLIED", count + 1)["measurements"]
                self.assertEqual((measured["kssCalls"], measured["kssSkipped"]), (3, 0))
                self.assertGreater(measured["kssMillis"], 0.0)
                self.assertEqual(guard.statistics["kssCalls"], 3)
                self.assertGreater(guard.statistics["kssMicros"], 0)
                self.train(guard, 4)
                self.assertFalse(self.penalty.requires_grad)
                self.assertEqual(self.hooks(), 0)

    def test_should_not_roll_back_an_order_that_was_replaced(self) -> None:
        guard = self.enabled()
        self.applied(guard, 1, "k2", KSS)
        refusal = self.not_applied(guard, 2, "r", "ROLL_BACK", undoes="k")
        self.assertEqual(refusal, ("REFUSED", "it is not in force any more"))

    def test_should_train_on_when_the_penalty_fails_or_is_not_finite(self) -> None:
        for failure in (ArithmeticError("on purpose"), None):
            with self.subTest(failure=failure), self.attach_able() as guard:
                self.order("k", KSS, every=1)
                self.train(guard, 0)
                with mock.patch.object(regularization_module, "koopman_shaping", side_effect=failure or infinite):
                    self.train(guard, 1)
                self.assertEqual(self.penalty.item(), 0.0)
                self.assertEqual(guard.statistics["kssSkipped"], 1)
                self.assertEqual(guard.statistics["errors"], int(failure is not None))
                self.train(guard, 2)
                self.assertGreater(self.penalty.item(), 0.0)

    def test_should_be_zero_where_no_forward_pass_was_seen(self) -> None:
        guard = self.enabled()
        self.model.eval()
        self.train(guard, 1)
        self.assertEqual((self.penalty.item(), guard.statistics["kssSkipped"]), (0.0, 1))

    def test_should_give_the_snapshots_of_a_forward_pass_once(self) -> None:
        guard = self.enabled()
        self.model(self.inputs)
        self.assertGreater(guard.regularization().item(), 0.0)
        self.assertEqual(guard.regularization().item(), 0.0)

    def test_should_skip_a_stream_that_was_changed_in_place(self) -> None:
        guard = self.enabled(layers=(OTHER_BLOCK,))
        self.model(self.inputs).mul_(2.0)
        self.assertEqual((guard.regularization().item(), guard.statistics["kssSkipped"]), (0.0, 1))

    def test_should_bear_checkpointed_activations(self) -> None:
        for reentrant in (False, True):
            with self.subTest(reentrant=reentrant), self.attach_able() as guard:
                self.order("k", KSS, every=1)
                self.train(guard, 0)
                hidden = self.inputs.clone().requires_grad_()
                for block in self.model.blocks:
                    hidden = checkpoint(block, hidden, use_reentrant=reentrant)
                penalty = guard.regularization()
                self.assertEqual(penalty.requires_grad, not reentrant, "a reentrant one runs forward without a graph")
                (hidden.square().mean() + penalty).backward()
                self.assertTrue(torch.isfinite(self.model.blocks[0].fc1.weight.grad).all())
                self.assertEqual(guard.regularization().item(), 0.0, "nothing is kept of the pass inside backward")
                self.assertEqual(guard.statistics["errors"], 0)

    def test_should_compute_in_full_precision_under_autocast(self) -> None:
        guard = self.enabled(layers=(BLOCK,))
        self.model(self.inputs)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            inside = guard.regularization()
        self.model(self.inputs)
        self.assert_same(inside.detach(), guard.regularization().detach())

    def test_should_not_travel_with_a_copy_of_the_model(self) -> None:
        guard = self.enabled()
        self.model(self.inputs)
        twin = copy.deepcopy(self.model)
        torch.save(self.model, io.BytesIO())
        twin(self.inputs * 2.0)
        self.assertGreater(guard.regularization().item(), 0.0)

    def test_should_not_touch_the_trainer_s_random_numbers(self) -> None:
        guard = self.enabled()
        torch.manual_seed(11)
        self.train(guard, 1)
        drawn = torch.rand(3)
        torch.manual_seed(11)
        self.assert_same(torch.rand(3), drawn)

    @unittest.skipUnless(hasattr(torch, "compiler"), "this torch does not compile")
    def test_should_compile_no_model_again_at_each_turn(self) -> None:
        compilations = []

        def backend(graph: Any, inputs: Any) -> Any:
            compilations.append(graph)
            return graph.forward

        guard = self.enabled()
        eager, self.model = self.model, torch.compile(self.model, backend=backend)
        self.train(guard, 1)
        once = len(compilations)
        for step in range(2, 9):
            self.train(guard, step)
        self.assertEqual(len(compilations), once)
        self.assertEqual((guard.statistics["errors"], guard.statistics["kssSkipped"]), (0, 8))
        self.model = eager

    def test_should_refuse_a_loop_that_would_not_use_it(self) -> None:
        guard = self.attach_able()
        self.order("k", KSS)
        guard.step(0)
        expected = "the training loop never called guard.regularization(): add it to the loss"
        self.assertEqual(self.refusal(), ("REFUSED", expected))

    def stream(self, block: torch.nn.Module) -> Any:
        """What enters and leaves the block in a forward pass with the present weights, (tokens, width) each."""
        seen: List[torch.Tensor] = []
        handle = block.register_forward_hook(lambda module, inputs, output: seen.extend((inputs[0], output)))
        self.model(self.inputs)
        handle.remove()
        return [tensor.detach().reshape(-1, WIDTH) for tensor in seen]


class NoBlocksTest(HookCase):
    def test_should_say_what_to_do_when_no_blocks_are_found(self) -> None:
        self.model = torch.nn.Linear(4, 4)
        guard = self.attach()
        guard.regularization()
        self.sidecar.command("k", KSS, at=0)
        guard.step(0)
        expected = "no residual blocks were found in the model: attach the guard with snapshot_blocks=[...]"
        self.assertEqual(self.refusal(), ("REFUSED", expected))


if __name__ == "__main__":
    unittest.main()
