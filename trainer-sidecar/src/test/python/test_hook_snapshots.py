"""Residual snapshots: what is captured of which forward pass, and what is left out."""

import copy
import os
import pickle
import unittest
from typing import Any

import torch
from instability_guard.snapshots import spread
from reference_trainer.model import CharacterGpt
from torch import nn
from torch.utils.checkpoint import checkpoint

from hook_case import HookCase
from signal_case import SignalCase
from signal_models import WIDTH, Gpt, Llama, conv1d, symbols


def hooks(model: nn.Module) -> int:
    """How many there are in the whole model."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


class Shaping(nn.Module):
    """A block whose output is what a test makes of its input."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.up = nn.Linear(WIDTH, WIDTH)
        self.output = output

    def forward(self, hidden: torch.Tensor) -> Any:
        return self.output(self.up(hidden))


class Stack(nn.Module):
    """Blocks, each called once, on the same input."""

    def __init__(self, *outputs: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Shaping(output) for output in outputs])

    def forward(self, hidden: torch.Tensor) -> None:
        for block in self.blocks:
            block(hidden)


class SnapshotTest(SignalCase):
    def seen_around(self, block: nn.Module) -> list:
        """Collects (entering, leaving) of every call, whatever the mode."""
        seen: list = []

        def keep(module: nn.Module, arguments: Any, keywords: Any, output: Any) -> None:
            entering = arguments[0] if arguments else keywords["hidden_states"]
            leaving = output[0] if isinstance(output, tuple) else output
            seen.append([part.detach().reshape(-1, WIDTH).clone() for part in (entering, leaving)])

        block.register_forward_hook(keep, with_kwargs=True)
        return seen

    def assert_pair(self, index: int, rows: int, expected: list) -> None:
        for slot, tokens in zip(self.pair(index, rows), expected):
            self.assertTrue(torch.equal(slot, tokens))

    def test_should_capture_every_block_of_known_models(self) -> None:
        for model, path in [
            (Gpt(2), "transformer.h"),
            (Gpt(2, make=conv1d, as_tuple=True), "transformer.h"),
            (Llama(), "model.layers"),
            (CharacterGpt(11, 2, WIDTH, 2, 8, "pre"), "blocks"),
        ]:
            self.watch(model)
            seen = [self.seen_around(model.get_submodule("%s.%d" % (path, depth))) for depth in range(2)]
            model(symbols()).sum().backward()
            self.assertEqual(self.stage()["snapshotTokens"], [18, 18])
            for depth in range(2):
                self.assert_pair(depth, 18, seen[depth][0])

    def test_should_sample_the_same_tokens_in_every_block(self) -> None:
        model = Gpt(3)
        self.watch(model, snapshot_tokens=5)
        seen = [self.seen_around(block) for block in model.transformer["h"]]
        model(symbols())
        self.assertEqual(self.stage()["snapshotTokens"], [5, 5, 5])
        chosen = spread(18, 5, 0)
        for depth in range(3):
            self.assert_pair(depth, 5, [tokens[chosen] for tokens in seen[depth][0]])
        self.signals.arm(10)
        model(symbols())
        self.stage()
        self.assertFalse(torch.equal(self.pair(0, 5)[0], seen[0][0][0][chosen]))

    def test_should_keep_the_last_training_pass_and_no_other(self) -> None:
        model = Gpt(1)
        seen = self.seen_around(model.transformer["h"][0])
        self.watch(model)
        model(symbols(2, 4)).sum().backward()
        model(symbols(3, 6)).sum().backward()
        with torch.no_grad():
            model(symbols(1, 3))
        model.eval()
        model(symbols(1, 2))
        model.train()
        self.assertEqual(self.stage()["snapshotTokens"], [18])
        self.assert_pair(0, 18, seen[1])

    def test_should_keep_no_graph_and_nothing_once_disarmed(self) -> None:
        model = Gpt(1)
        self.watch(model)
        model(symbols())
        self.assertFalse(any(t.requires_grad for pair in self.signals._snapshots._pairs.values() for t in pair))
        self.signals.disarm()
        self.assertEqual(self.signals._snapshots._pairs, {})
        self.assertEqual(hooks(model), 0)

    def test_should_survive_gradient_checkpointing(self) -> None:
        for reentrant in (False, True):
            model = Gpt(2, dropout=0.5)
            self.watch(model)
            seen = [self.seen_around(block) for block in model.transformer["h"]]
            hidden = torch.randn(2, 4, WIDTH, requires_grad=True)
            for block in model.transformer["h"]:
                hidden = checkpoint(block, hidden, use_reentrant=reentrant)
            hidden.sum().backward()
            self.assertEqual(self.stage()["snapshotTokens"], [8, 8])
            for depth in range(2):
                self.assert_pair(depth, 8, seen[depth][0])

    def test_should_see_the_stream_before_a_block_changes_it_in_place(self) -> None:
        model = Stack(None)
        self.watch(model)
        model.blocks[0].forward = lambda stream: stream.add_(1.0)
        model(torch.zeros(4, WIDTH))
        self.stage()
        self.assert_pair(0, 4, [torch.zeros(4, WIDTH), torch.ones(4, WIDTH)])

    def test_should_stage_half_precision_and_non_finite_values_as_they_are(self) -> None:
        for dtype in (torch.bfloat16, torch.float16):
            model = Gpt(1).to(dtype)
            self.watch(model)
            with torch.no_grad():
                model.transformer["wte"].weight[symbols()[0, 0]] = float("nan")
            seen = self.seen_around(model.transformer["h"][0])
            model(symbols())
            self.stage()
            for slot, tokens in zip(self.pair(0, 18), seen[0]):
                self.assertEqual(slot.dtype, dtype)
                self.assertTrue(torch.isnan(slot).any())
                self.assertTrue(torch.equal(slot.view(torch.int16), tokens.view(torch.int16)))

    def test_should_leave_out_what_is_no_residual_block(self) -> None:
        model = Stack(lambda h: h, lambda h: h[:1], lambda h: {"h": h}, lambda h: None)
        self.watch(model)
        model(torch.zeros(3, WIDTH))
        fields = self.stage()
        self.assertEqual(fields["snapshotTokens"], [3, 0, 0, 0])
        self.assertEqual(
            fields["omissions"],
            [
                "residual snapshot: it turns (3, 8) into (1, 8) [blocks.1]",
                "residual snapshot: its output is no plain tensor [blocks.2, blocks.3]",
            ],
        )

    def test_should_leave_out_blocks_that_change_their_width_or_are_not_called(self) -> None:
        model = Stack(lambda h: h)
        self.watch(model)
        self.assertIn("no forward pass in training mode was seen", self.stage()["omissions"][0])
        model.blocks[0].up = nn.Linear(4, 4)
        model(torch.zeros(3, 4))
        self.assertEqual(self.stage()["omissions"], ["residual snapshot: its stream is (3, 4), not 8 wide [blocks.0]"])

    def test_should_bound_the_memory_and_take_no_snapshot_of_too_few_tokens(self) -> None:
        of_slots = 3 * 2 * WIDTH * 4
        self.watch(Gpt(3), snapshot_bytes=of_slots * 20)
        self.assertEqual([s["tokens"] for s in self.hello["snapshots"]], [20] * 3)
        self.watch(Gpt(3), snapshot_bytes=of_slots * 15)
        self.assertEqual(self.hello["snapshots"], [])
        self.watch(Gpt(3))
        self.assertEqual([s["tokens"] for s in self.hello["snapshots"]], [32] * 3)
        self.watch(Gpt(3), snapshots=False)
        self.assertEqual(self.hello["snapshots"], [])

    def test_should_not_watch_a_copy_of_a_watched_model(self) -> None:
        model = Gpt(1)
        self.watch(model)
        for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            copied(symbols())
        self.assertEqual(self.stage()["snapshotTokens"], [0])

    @unittest.skipUnless(hasattr(torch, "compiler"), "this torch does not compile")
    def test_should_neither_break_nor_repeat_the_compilation_of_a_model(self) -> None:
        graphs: list = []

        def backend(graph: Any, inputs: Any) -> Any:
            graphs.append(graph)
            return graph.forward

        model = Gpt(1)
        self.watch(model)
        compiled = torch.compile(model, backend=backend)
        for step in range(4):
            if step % 2 == 0:
                self.signals.arm(step)
            compiled(symbols()).sum().backward()
            if step % 2 == 0:
                self.assertEqual(self.stage()["snapshotTokens"], [0])
                self.signals.disarm()
        self.assertEqual(len(graphs), 1)
        self.signals.close()
        self.assertEqual(hooks(model), 0)

    @unittest.skipUnless(hasattr(torch, "compiler"), "this torch does not compile")
    def test_should_capture_around_blocks_that_are_compiled_one_by_one(self) -> None:
        model = Gpt(1)
        model.transformer["h"][0] = torch.compile(model.transformer["h"][0], backend="eager")
        self.watch(model)
        model(symbols())
        self.assertEqual(self.stage()["snapshotTokens"], [18])
        self.assertEqual([s["block"] for s in self.hello["snapshots"]], ["transformer.h.0"])

    def test_should_draw_distinct_ascending_positions(self) -> None:
        for total, count in ((7, 7), (1000, 128), (131, 100)):
            chosen = spread(total, count, 5).tolist()
            self.assertEqual(chosen, sorted(set(chosen)))
            self.assertEqual(len(chosen), count)
            self.assertTrue(0 <= chosen[0] and chosen[-1] < total)


class SampledStepTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.model = Gpt(2)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def train(self, guard: Any, step: int) -> None:
        self.model(symbols()).sum().backward()
        self.optimizer.step()
        guard.step(step)

    def test_should_send_snapshots_with_sampled_steps_only(self) -> None:
        guard = self.attach(sample_every=3)
        hooked = []
        for step in range(4):
            hooked.append(hooks(self.model) > 0)
            self.train(guard, step)
            self.sidecar.await_message("STEP", step + 1)
        self.assertEqual(hooked, [True, False, False, True])
        tokens = [step.get("snapshotTokens") for step in self.sidecar.of("STEP")]
        self.assertEqual(tokens, [[18, 18], None, None, [18, 18]])
        self.assertEqual(self.sidecar.of("STEP")[0]["omissions"], [])
        hello = self.sidecar.hello
        last = hello["snapshots"][-1]
        self.assertEqual(last["leavingOffset"] + 32 * WIDTH * 4, hello["staging"]["bytes"])

    def test_should_leave_no_hook_behind(self) -> None:
        guard = self.attach(sample_every=1)
        self.assertGreater(hooks(self.model), 0)
        guard.close()
        self.assertEqual(hooks(self.model), 0)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_should_do_nothing_in_a_forked_child(self) -> None:
        guard = self.attach(sample_every=1)
        child = os.fork()
        if child == 0:
            self.train(guard, 0)
            os._exit(hooks(self.model))
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.train(guard, 0)
        self.assertEqual(self.sidecar.await_message("STEP")["snapshotTokens"], [18, 18])

    def test_should_watch_nothing_without_a_sidecar(self) -> None:
        self.sidecar.stop()
        guard = self.attach_unanswered(sample_every=1)
        self.train(guard, 0)
        self.assertEqual(hooks(self.model), 0)
        self.sidecar.start()

    def test_should_go_on_when_a_block_cannot_be_observed(self) -> None:
        guard = self.attach(sample_every=1)
        guard._signals._snapshots._enter = None  # type: ignore[assignment]
        self.train(guard, 0)
        self.assertEqual(self.sidecar.await_message("STEP")["snapshotTokens"], [0, 0])
        self.assertGreater(guard.statistics["errors"], 0)


if __name__ == "__main__":
    unittest.main()
