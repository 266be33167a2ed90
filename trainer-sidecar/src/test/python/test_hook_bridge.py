"""The hook against a sidecar that behaves."""

import os
import unittest
from unittest import mock

import torch

from fake_sidecar import silent
from hook_case import LAYERS, MSIGN, SCALE, HookCase


class BridgeTest(HookCase):
    def test_should_introduce_itself_with_its_matrices(self) -> None:
        self.attach(generation=5, process_rank=1, world_size=2, sample_every=4, agree_every=2, lockstep=3)
        hello = self.sidecar.await_message("HELLO")
        matrices = [(m["name"], m["role"], m["depth"], m["rows"], m["columns"], m["offset"]) for m in hello["matrices"]]
        self.assertEqual(matrices, [(LAYERS[0], "QUERY", 0, 3, 4, 64), (LAYERS[1], "MLP_UP", 0, 5, 3, 128)])
        expected = dict(version=2, run="run-1", generation=5, processRank=1, worldSize=2, sampleEvery=4, agreeEvery=2)
        expected.update(lockstep=True, step=-1, pid=os.getpid(), applied=[])
        self.assertEqual({key: hello[key] for key in expected}, expected)
        self.assertEqual(os.path.dirname(hello["staging"]["path"]), self.sidecar.folder)
        self.assertEqual(os.stat(hello["staging"]["path"]).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(hello["staging"]["path"]).st_size, hello["staging"]["bytes"])

    def test_should_report_every_step_with_its_scalars(self) -> None:
        guard = self.attach()
        self.train_step(guard, 0, loss=torch.tensor(2.5, requires_grad=True), gradient_norm=3, max_attention_logit=1.5)
        self.train_step(guard, 1, loss=float("inf"))
        first, second = self.sidecar.await_message("STEP"), self.sidecar.await_message("STEP", 2)
        self.assertEqual((first["loss"], first["gradientNorm"], first["maxAttentionLogit"]), (2.5, 3.0, 1.5))
        self.assertEqual((first["learningRate"], first["learningRateScale"], first["sample"]), (0.5, 1.0, True))
        self.assertEqual((second["step"], second["loss"], second["sample"]), (1, float("inf"), False))
        self.assertNotEqual(second["gradientNorm"], second["gradientNorm"])
        self.assertGreater(second["hookMicros"], 0.0)
        self.assertGreater(second["stepMillis"], 0.0)
        self.assertEqual(second["waitMillis"], 0.0)

    def test_should_copy_the_weights_of_a_sampled_step_only(self) -> None:
        guard = self.attach(sample_every=2)
        self.train_step(guard, 2)
        sampled = self.weights()
        self.sidecar.await_message("STEP")
        self.train_step(guard, 3)
        self.sidecar.await_message("STEP", 2)
        for matrix, weight in zip(self.sidecar.hello["matrices"], sampled):
            self.assert_same(self.sidecar.slot(matrix)[1], weight)

    def test_should_skip_and_count_samples_while_the_sidecar_is_busy(self) -> None:
        self.sidecar.on["STEP"] = silent
        guard = self.attach(sample_every=1)
        for step in range(3):
            self.train_step(guard, step)
        self.sidecar.await_message("STEP", 3)
        self.sidecar.send(type="SAMPLED", step=0)
        self.train_step(guard, 3)
        self.sidecar.await_message("STEP", 4)
        steps = [(m["sample"], m["skippedSamples"]) for m in self.sidecar.of("STEP")]
        self.assertEqual(steps, [(True, 0), (False, 1), (False, 1), (True, 0)])
        self.assertEqual(guard.statistics["samplesSkipped"], 2)

    def test_should_replace_the_live_weights_by_what_the_sidecar_computed(self) -> None:
        guard = self.attach()
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=1, layers=LAYERS[:1], steps=5)
        guard.step(0)
        self.assert_same(self.weights()[0], before[0])
        guard.step(1)
        self.assert_same(self.weights()[0], -before[0])
        self.assert_same(self.weights()[1], before[1])
        applied = self.sidecar.await_message("APPLIED")
        self.assertEqual((applied["id"], applied["step"], applied["matrices"]), ("c1", 1, [0]))
        self.assertEqual(guard.statistics["commandsApplied"], 1)
        self.assertEqual(guard.statistics["errors"], 0)

    def test_should_lower_and_regrow_the_learning_rate(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5, floor=0.2, regrowthPerStep=1.5)
        scales = []
        for step in range(4):
            self.train_step(guard, step)
            scales.append(guard.learning_rate_scale)
        self.assertEqual(scales, [0.5, 0.75, 1.0, 1.0])
        applied = self.sidecar.await_message("APPLIED")
        self.assertEqual((applied["learningRateScaleBefore"], applied["learningRateScaleAfter"]), (1.0, 0.5))
        self.sidecar.await_message("STEP", 4)
        effective = [(m["learningRate"], m["learningRateScale"]) for m in self.sidecar.of("STEP")]
        self.assertEqual(effective, [(0.5, 1.0), (0.25, 0.5), (0.375, 0.75), (0.5, 1.0)])

    def test_should_keep_the_floor_and_never_raise_the_scale(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.1, floor=0.3)
        self.sidecar.command("c2", SCALE, at=1, factor=0.5, floor=0.9)
        guard.step(0)
        guard.step(1)
        self.assertEqual(guard.learning_rate_scale, 0.3)

    def test_should_apply_at_agreed_boundaries_only(self) -> None:
        guard = self.attach(agree_every=5)
        self.sidecar.command("c1", SCALE, at=2, factor=0.5)
        for step in range(6):
            guard.step(step)
        self.assertEqual(self.sidecar.await_message("APPLIED")["step"], 5)

    def test_should_expire_a_command_whose_last_step_has_passed(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=2, expires=3, factor=0.5)
        guard.step(4)
        self.assertEqual(self.refusal()[0], "EXPIRED")
        self.assertEqual(guard.learning_rate_scale, 1.0)

    def test_should_apply_an_id_once_and_answer_its_repetition_alike(self) -> None:
        guard = self.attach()
        for step in range(3):
            self.sidecar.command("c1", SCALE, at=0, factor=0.5)
            guard.step(step)
        self.assertEqual(guard.learning_rate_scale, 0.5)
        self.assertEqual(self.sidecar.await_message("APPLIED", 3), self.sidecar.await_message("APPLIED"))
        self.assertEqual(guard.statistics["commandsApplied"], 1)

    def test_should_report_what_was_not_replaced(self) -> None:
        self.sidecar.on["APPLY"] = lambda sidecar, message: sidecar.send(
            type="READY",
            id=message["id"],
            matrices=[{"index": i, "replaced": False, "reason": "zero"} for i in message["matrices"]],
        )
        guard = self.attach()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        self.assertEqual(self.refusal(), ("REFUSED", "no matrix was replaced: zero"))

    def test_should_pass_on_a_rejection(self) -> None:
        self.sidecar.on["APPLY"] = lambda s, message: s.send(type="REJECT", id=message["id"], reason="done already")
        guard = self.attach()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        self.assertEqual(self.refusal(), ("REFUSED", "done already"))
        self.assertTrue(self.sidecar.await_message("STEP")["sample"], "the slots are the hook's again")

    def test_should_leave_frozen_weights_alone(self) -> None:
        guard = self.attach()
        before = self.weights()
        self.model.blocks[0].q_proj.weight.requires_grad_(False)
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        self.sidecar.command("c2", MSIGN, at=0, layers=LAYERS[:1])
        guard.step(0)
        self.assertEqual(self.sidecar.await_message("APPLIED")["matrices"], [1])
        self.assertEqual(self.refusal(), ("REFUSED", "repair: it is frozen [blocks.0.q_proj.weight]"))
        self.assert_same(self.weights()[0], before[0])

    def test_should_change_nothing_alone_in_a_run_of_several_ranks(self) -> None:
        guard = self.attach(process_rank=0, world_size=2)
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        self.assertEqual(
            self.refusal(),
            (
                "REFUSED",
                "several ranks cannot agree on a command: torch.distributed was not initialised before the guard was attached",
            ),
        )
        self.assertEqual(guard.learning_rate_scale, 1.0)

    def test_should_say_goodbye_and_remove_the_staging_file(self) -> None:
        with self.attach() as guard:
            guard.step(7)
        self.assertEqual(self.sidecar.await_message("BYE"), {"type": "BYE", "step": 7})
        self.assertEqual(os.listdir(self.sidecar.folder), ["guard.sock"])
        guard.step(8)
        self.assertEqual(guard.statistics["stepsSent"], 1)

    def test_should_take_its_rank_from_the_environment(self) -> None:
        with mock.patch.dict(os.environ, RANK="2", WORLD_SIZE="4"):
            self.attach()
        self.assertEqual([self.sidecar.hello[key] for key in ("processRank", "worldSize")], [2, 4])
        with mock.patch.dict(os.environ, RANK="two"), self.assertRaisesRegex(ValueError, "RANK is no number: 'two'"):
            self.attach_unanswered()

    def test_should_take_its_socket_from_the_environment(self) -> None:
        with mock.patch.dict(os.environ, GUARD_SOCKET=self.sidecar.path):
            self.attach(socket=None)
        self.assertEqual(self.sidecar.hello["run"], "run-1")

    def test_should_refuse_to_scale_what_has_no_learning_rate(self) -> None:
        self.optimizer.param_groups[0]["lr"] = None
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        self.assertEqual(self.refusal(), ("REFUSED", "the optimizer has no learning rate"))

    def test_should_scale_several_optimizers_alike(self) -> None:
        weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
        optimizers = [torch.optim.SGD([weight], lr=rate) for weight, rate in zip(weights, (1.0, 4.0))]
        self.optimizer = optimizers  # type: ignore[assignment]
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        for weight, optimizer in zip(weights, optimizers):
            weight.grad = torch.ones(1)
            optimizer.step()
        guard.step(1)
        self.assertEqual([weight.item() for weight in weights], [-0.5, -2.0])
        self.assertEqual(self.sidecar.await_message("STEP", 2)["learningRate"], 2.0)

    def test_should_refuse_bad_arguments_clearly(self) -> None:
        bad = [dict(run_id=".x"), dict(run_id="a/b"), dict(sample_every=0), dict(agree_every=1.5), dict(lockstep=-1)]
        bad += [dict(command_timeout=float("nan")), dict(include="*"), dict(roles={"*": "QUERRY"})]
        bad += [dict(process_rank=3, world_size=2), dict(socket="/tmp/" + "x" * 200), dict(min_step_ms=-1.0)]
        bad += [dict(snapshot_tokens=1), dict(snapshot_tokens=1 << 17), dict(snapshot_blocks="*")]
        bad += [dict(snapshot_bytes=-1), dict(mixing_order=-1)]
        bad += [dict(exact_jacobians_every=0), dict(mixing_order=3, mixers_total=3), dict(attention_heads=0)]
        for options in bad:
            with self.subTest(options=options), self.assertRaises(ValueError):
                self.attach_unanswered(**options)


if __name__ == "__main__":
    unittest.main()
