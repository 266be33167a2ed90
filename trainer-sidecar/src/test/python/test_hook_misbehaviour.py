"""The hook against a sidecar that is absent, dies, lies, is slow or hostile: training goes on, nothing is changed."""

import os
import socket
import stat
import struct
import threading
import unittest
from typing import Any
from unittest import mock

import torch
from fake_sidecar import FakeSidecar, Message, die, replaced, sampled, silent, welcome
from hook_case import LAYERS, MSIGN, SCALE, HookCase
from instability_guard import connection as connection_module


class MisbehaviourTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 100.0
        clock = mock.patch.object(connection_module, "time", mock.Mock(monotonic=lambda: self.now))
        clock.start()
        self.addCleanup(clock.stop)

    def refused_weights(self, status: str, reason: str, **options: Any) -> None:
        """An MSign command is answered with this, and the weights are as before."""
        guard = self.attach(**options)
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        answered, why = self.refusal()
        self.assertEqual(answered, status)
        self.assertIn(reason, why or "")
        for weight, expected in zip(self.weights(), before):
            self.assert_same(weight, expected)
        self.assertEqual(guard.statistics["commandsApplied"], 0)

    def test_should_train_on_with_one_warning_when_no_sidecar_is_there(self) -> None:
        self.sidecar.stop()
        guard = self.attach_unanswered()
        for step in range(50):
            self.now += 1.0
            self.train_step(guard, step)
        self.assertEqual(len(self.warnings.texts), 1)
        self.assertIn("no sidecar at", self.warnings.texts[0])
        self.assertEqual(os.listdir(self.sidecar.folder), [])

    def test_should_attach_to_a_sidecar_that_appears_later(self) -> None:
        self.sidecar.stop()
        guard = self.attach_unanswered(generation=9)
        self.sidecar.start()
        guard.step(0)
        self.assertEqual(guard.statistics["stepsSent"], 0, "attempts are a second apart")
        self.now += 1.0
        guard.step(1)
        hello = self.sidecar.await_message("HELLO")
        self.assertEqual((hello["generation"], hello["step"]), (9, 0))
        self.assertEqual(self.sidecar.await_message("STEP")["step"], 1)
        self.assertEqual(guard.statistics["reattached"], 0)

    def test_should_attach_again_after_the_sidecar_died_and_never_apply_twice(self) -> None:
        guard = self.attach(generation=9)
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        first = self.sidecar.await_message("HELLO")
        self.sidecar.await_message("APPLIED")
        self.sidecar.stop()
        guard.step(1)
        guard.step(2)
        self.sidecar.start()
        self.now += 1.0
        guard.step(3)
        again = self.sidecar.await_message("HELLO", 2)
        self.assertEqual(again["applied"], [{"id": "c1", "step": 0}])
        for field in ("generation", "startedAtMs"):
            self.assertEqual(again[field], first[field])
        self.assertNotEqual(again["staging"]["path"], first["staging"]["path"])
        self.assertFalse(os.path.exists(first["staging"]["path"]))
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(4)
        self.assertEqual(self.sidecar.await_message("APPLIED", 2)["step"], 0)
        self.assertEqual(guard.learning_rate_scale, 0.5)
        self.assertEqual((guard.statistics["reattached"], guard.statistics["sessionsLost"]), (1, 1))
        self.assertEqual(len(self.warnings.texts), 1)

    def test_should_change_nothing_when_the_sidecar_dies_while_it_computes(self) -> None:
        self.sidecar.on["APPLY"] = die
        guard = self.attach()
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        self.assert_same(self.weights()[0], before[0])
        self.assertEqual(guard.statistics["sessionsLost"], 1)
        self.now += 1.0
        guard.step(1)
        self.assertEqual(self.sidecar.await_message("HELLO", 2)["applied"], [])

    def test_should_abandon_a_command_when_ready_never_comes(self) -> None:
        self.sidecar.on["APPLY"] = silent
        self.refused_weights("ABANDONED", "did not answer in time", command_timeout=0.05)

    def test_should_abandon_a_command_when_the_last_sample_takes_too_long(self) -> None:
        self.sidecar.on["STEP"] = silent
        guard = self.attach(command_timeout=0.05)
        guard.step(0)
        self.sidecar.command("c1", MSIGN, at=1, layers=LAYERS)
        self.sidecar.command("c2", MSIGN, at=1, layers=LAYERS)
        guard.step(1)
        self.assertEqual(self.refusal(1), ("ABANDONED", "the sidecar still holds the slots"))
        self.assertEqual(self.refusal(2), ("ABANDONED", "the sidecar still holds the slots"))
        self.assertEqual(guard.statistics["commandWaitsTimedOut"], 2)
        self.assertEqual(self.sidecar.of("APPLY"), [])

    def test_should_wait_for_a_slow_sample_before_it_applies(self) -> None:
        held = threading.Event()

        def slow(sidecar: FakeSidecar, message: Message) -> None:
            held.wait(20)
            sampled(sidecar, message)

        self.sidecar.on["STEP"] = slow
        guard = self.attach()
        before = self.weights()
        guard.step(0)
        self.sidecar.command("c1", MSIGN, at=1, layers=LAYERS)
        threading.Timer(0.05, held.set).start()
        guard.step(1)
        self.assert_same(self.weights()[0], -before[0])

    def test_should_ignore_a_late_ready_but_take_the_slots_back(self) -> None:
        self.sidecar.on["APPLY"] = silent
        guard = self.attach(command_timeout=0.05, sample_every=1)
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        self.assertFalse(self.sidecar.await_message("STEP")["sample"])
        self.sidecar.send(type="READY", id="c1", matrices=[replaced(self.sidecar, 0), replaced(self.sidecar, 1)])
        guard.step(1)
        self.assertTrue(self.sidecar.await_message("STEP", 2)["sample"])
        self.assert_same(self.weights()[0], before[0])

    def test_should_refuse_a_wrong_checksum(self) -> None:
        def lie(sidecar: FakeSidecar, message: Message) -> None:
            entries = [replaced(sidecar, index) for index in message["matrices"]]
            entries[1]["crc32"] ^= 1
            sidecar.send(type="READY", id=message["id"], matrices=entries)

        self.sidecar.on["APPLY"] = lie
        self.refused_weights("FAILED", "checksum of blocks.0.fc1.weight differs")

    def test_should_refuse_a_replacement_that_is_not_finite(self) -> None:
        self.sidecar.replace = lambda weight: torch.full_like(weight, float("nan"))
        self.refused_weights("FAILED", "not finite")

    def test_should_refuse_an_answer_about_other_matrices(self) -> None:
        for indices in ([0], [0, 7], [0, 0, 1], [-1, 0]):
            with self.subTest(indices=indices):
                self.sidecar.on["APPLY"] = lambda s, m, i=indices: s.send(
                    type="READY", id=m["id"], matrices=[{"index": k, "replaced": True, "crc32": 0} for k in i]
                )
                guard = self.attach()
                self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
                count = len(self.sidecar.of("NOT_APPLIED")) + 1
                guard.step(0)
                self.assertEqual(self.refusal(count), ("FAILED", "READY names other matrices than APPLY"))
                guard.close()

    def test_should_change_nothing_when_a_parameter_changed_its_shape(self) -> None:
        guard = self.attach()
        self.model.blocks[0].q_proj.weight.data = torch.zeros(2, 2)
        before = self.weights()
        self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
        guard.step(0)
        self.assertEqual(self.refusal()[0], "FAILED")
        self.assertFalse(self.sidecar.await_message("STEP")["sample"])
        for weight, expected in zip(self.weights(), before):
            self.assert_same(weight, expected)

    def test_should_refuse_commands_that_make_no_sense(self) -> None:
        guard = self.attach()
        self.sidecar.command("k", "REWIND_AND_SKIP", at=0)
        self.sidecar.command("l", MSIGN, at=0, layers=["nowhere.weight"])
        self.sidecar.command("m", MSIGN, at=0)
        self.sidecar.command("n", MSIGN, at=0, layers=LAYERS[:1] * 2)
        self.sidecar.command("o", SCALE, at=0, factor=0.5, layers=LAYERS)
        for factor in (0.0, 1.5, -1.0, float("nan"), float("inf"), "0.5", None, True):
            self.sidecar.command("f%s" % factor, SCALE, at=0, factor=factor)
        self.sidecar.command("p", SCALE, at=0)
        self.sidecar.command("q", SCALE, at=0, factor=0.5, floor=2.0)
        self.sidecar.command("r", SCALE, at=0, factor=0.5, regrowthPerStep=0.9)
        self.sidecar.send(type="COMMAND", id="s", kind=SCALE, layers=[], parameters=[], applyAtStep=0, expiresAtStep=9)
        self.sidecar.send(
            type="COMMAND", id="t", kind=SCALE, layers=[], parameters={"factor": 0.5}, applyAtStep=0.5, expiresAtStep=9
        )
        before = self.weights()
        guard.step(0)
        self.assertEqual(self.refusal(), ("REFUSED", "this hook does not know REWIND_AND_SKIP"))
        self.assertEqual(self.refusal(2), ("REFUSED", "unknown layers: nowhere.weight"))
        self.sidecar.await_message("NOT_APPLIED", 18)
        self.assertEqual({answer["status"] for answer in self.sidecar.of("NOT_APPLIED")}, {"REFUSED"})
        self.assertEqual(guard.statistics["commandsNotApplied"], 18)
        self.assertEqual(guard.learning_rate_scale, 1.0)
        self.assert_same(self.weights()[0], before[0])

    def test_should_count_and_ignore_malformed_messages(self) -> None:
        guard = self.attach()
        bad = [b"", b"{", b"\xff\xfe", b"[]", b'{"type":1}', b'{"type":"NONSENSE"}', b'{"type":"COMMAND"}']
        bad += [b'{"type":"SAMPLED","step":0}', b'{"type":"READY","id":"x","matrices":[]}', b'{"type":"PROGRESS"}']
        bad += [b'{"type":"SAMPLED","step":' + b"9" * 5000 + b"}", b"[" * 100_000]
        bad += [b'{"type":"COMMAND","id":"%s","kind":"x"}' % (b"i" * 1000)]
        for payload in bad:
            self.sidecar.send_raw(struct.pack(">I", len(payload)) + payload)
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        for step in range(3):
            guard.step(step)
        self.assertEqual(guard.statistics["messagesMalformed"], len(bad))
        self.assertEqual(guard.learning_rate_scale, 0.5)
        self.assertEqual((guard.statistics["errors"], guard.statistics["sessionsLost"]), (0, 0))

    def test_should_hang_up_on_a_message_that_is_too_long(self) -> None:
        guard = self.attach()
        self.sidecar.send_raw(struct.pack(">I", 0xFFFFFFFF) + b"x" * 100)
        guard.step(0)
        guard.step(1)
        self.assertEqual(guard.statistics["sessionsLost"], 1)

    def test_should_wait_for_the_rest_of_half_a_message(self) -> None:
        guard = self.attach()
        payload = b'{"type":"COMMAND","id":"c","kind":"REWIND_AND_SKIP","layers":[],"parameters":{},"applyAtStep":0,'
        payload += b'"expiresAtStep":9}'
        whole = struct.pack(">I", len(payload)) + payload
        for step, part in enumerate((whole[:2], whole[2:40], whole[40:]), start=1):
            self.assertEqual(guard.statistics["commandsNotApplied"], 0)
            self.sidecar.send_raw(part)
            guard.step(step)
        self.assertEqual(guard.statistics["commandsNotApplied"], 1)

    def test_should_not_obey_before_it_was_welcomed(self) -> None:
        self.sidecar.on["HELLO"] = silent
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        self.assertEqual(guard.learning_rate_scale, 1.0)
        self.assertEqual(guard.statistics["messagesMalformed"], 1)

    def test_should_ask_less_and_less_often_after_a_refusal(self) -> None:
        self.sidecar.on["HELLO"] = lambda s, m: s.send(type="REFUSED", reason="not you")
        guard = self.attach()
        attempts = []
        for step in range(40):
            self.sidecar.await_message("HELLO", len(attempts) + 1)
            guard.step(step)
            self.now += 1.0
            hellos = 1 + guard.statistics["reattached"]
            if hellos > len(attempts) + 1:
                attempts.append(step)
                guard.step(step)
        self.assertEqual(len(self.warnings.texts), 1)
        self.assertIn("it refused: not you", self.warnings.texts[0])
        self.assertLess(len(attempts), 8)

    def test_should_refuse_another_version_of_the_bridge(self) -> None:
        self.sidecar.on["HELLO"] = lambda s, m: s.send(type="WELCOME", version=2, session="s", commandTimeoutMs=1)
        guard = self.attach()
        guard.step(0)
        self.assertIn("version 2 of the bridge", self.warnings.texts[0])

    def test_should_drop_and_count_when_nobody_reads(self) -> None:
        released = threading.Event()
        self.sidecar.on["HELLO"] = lambda s, m: (welcome(s, m), released.wait(20))
        self.addCleanup(released.set)
        guard = self.attach_unanswered(sample_every=1)
        step = 0
        while guard.statistics["messagesDropped"] < 3 and step < 100_000:
            guard.step(step)
            step += 1
        dropped = guard.statistics["messagesDropped"]
        self.assertEqual(dropped, 3)
        released.set()
        sent = guard.statistics["stepsSent"]
        self.sidecar.await_message("STEP", sent)
        guard.step(step)
        self.assertEqual(self.sidecar.await_message("STEP", sent + 1)["droppedMessages"], dropped)

    def test_should_survive_a_flood(self) -> None:
        guard = self.attach()
        message = b'{"type":"NONSENSE"}'
        self.sidecar.send_raw((struct.pack(">I", len(message)) + message) * 2000)
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        self.assertEqual(guard.statistics["messagesMalformed"], 255, "one step reads so many messages and no more")
        for step in range(1, 9):
            guard.step(step)
        self.assertEqual(guard.statistics["messagesMalformed"], 2000)
        self.assertEqual(guard.learning_rate_scale, 0.5)

    def test_should_bound_the_pending_commands(self) -> None:
        guard = self.attach()
        for number in range(300):
            self.sidecar.command("c%d" % number, SCALE, at=1000, factor=0.5)
            guard.step(number)
        self.assertEqual(guard.statistics["commandsNotApplied"], 300 - 256)

    def test_should_not_trust_a_folder_of_another_user(self) -> None:
        with mock.patch.object(os, "getuid", lambda: os.stat(self.sidecar.folder).st_uid + 1):
            with mock.patch.object(connection_module.os, "stat", lambda path: mock.Mock(st_uid=77)):
                self.attach_unanswered()
        self.assertIn("belongs to another user", self.warnings.texts[0])
        self.assertEqual(self.sidecar.received, [])

    def test_should_go_on_when_a_scalar_cannot_be_read(self) -> None:
        guard = self.attach()
        guard.step(0, loss=torch.zeros(3), gradient_norm="many")  # type: ignore[arg-type]
        guard.step("one")  # type: ignore[arg-type]
        step = self.sidecar.await_message("STEP")
        self.assertNotEqual(step["loss"], step["loss"])
        self.assertEqual(guard.statistics["errors"], 3)

    def test_should_warn_when_the_staging_file_cannot_be_created(self) -> None:
        with mock.patch.object(os, "posix_fallocate", side_effect=OSError(28, "No space left on device")):
            guard = self.attach_unanswered()
        guard.step(0)
        self.assertIn("No space left on device", self.warnings.texts[0])
        self.assertEqual(os.listdir(self.sidecar.folder), ["guard.sock"])

    def test_should_not_connect_to_what_is_no_socket(self) -> None:
        self.sidecar.stop()
        with open(self.sidecar.path, "w"):
            pass
        self.attach_unanswered().step(0)
        self.assertIn("no sidecar at", self.warnings.texts[0])
        self.assertTrue(stat.S_ISREG(os.stat(self.sidecar.path).st_mode))
        os.unlink(self.sidecar.path)

    def test_should_not_wait_for_a_full_queue_of_connections(self) -> None:
        self.sidecar.stop()
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(server.close)
        server.bind(self.sidecar.path)
        server.listen(0)
        guard = self.attach_unanswered()
        other = self.attach_unanswered()
        guard.step(0)
        other.step(0)
        self.assertIn("no sidecar at", self.warnings.texts[0])


if __name__ == "__main__":
    unittest.main()
