"""The hook against a sidecar that lies or floods: refused, counted, never applied."""

import os
import stat
import struct
import unittest
from unittest import mock

import torch
from instability_guard import connection as connection_module

from fake_sidecar import FakeSidecar, Message, replaced, silent
from hook_case import LAYERS, MSIGN, SCALE, HookCase


class HostileTest(HookCase):
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
        self.sidecar.command("k", "LEVITATE", at=0)
        self.sidecar.command("l", MSIGN, at=0, layers=["nowhere.weight"])
        self.sidecar.command("m", MSIGN, at=0)
        self.sidecar.command("n", MSIGN, at=0, layers=LAYERS[:1] * 2)
        self.sidecar.command("o", SCALE, at=0, factor=0.5, layers=LAYERS)
        for factor in (0.0, 1.5, -1.0, float("nan"), float("inf"), "0.5", None, True):
            self.sidecar.command("f%s" % factor, SCALE, at=0, factor=factor)
        self.sidecar.command("p", SCALE, at=0)
        self.sidecar.command("q", SCALE, at=0, factor=0.5, floor=2.0)
        self.sidecar.command("r", SCALE, at=0, factor=0.5, regrowthPerStep=0.9)
        odd = dict(type="COMMAND", kind=SCALE, layers=[], decidedAtStep=0, expiresAtStep=9)
        self.sidecar.send(id="s", parameters=[], applyAtStep=0, **odd)
        self.sidecar.send(id="t", parameters={"factor": 0.5}, applyAtStep=0.5, **odd)
        before = self.weights()
        guard.step(0)
        self.assertEqual(self.refusal(), ("REFUSED", "this hook does not know LEVITATE"))
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
        payload = b'{"type":"COMMAND","id":"c","kind":"REWIND_AND_SKIP","layers":[],"parameters":{},'
        payload += b'"decidedAtStep":0,"applyAtStep":0,"expiresAtStep":9}'
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

    def test_should_refuse_another_version_of_the_bridge(self) -> None:
        self.sidecar.on["HELLO"] = lambda s, m: s.send(type="WELCOME", version=3, session="s", commandTimeoutMs=1)
        guard = self.attach()
        guard.step(0)
        self.assertIn("version 3 of the bridge", self.warnings.texts[0])

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

    def test_should_refuse_run_ids_that_could_be_paths(self) -> None:
        for run in ("../run", "..", ".run", "/etc/passwd", "a/b", "a\0", "a\n", "", "x" * 201):
            with self.assertRaisesRegex(ValueError, "run_id must be"):
                self.attach(run_id=run)
        self.assertEqual(self.sidecar.received, [])

    def test_should_keep_staged_weights_to_the_owner(self) -> None:
        self.attach()
        path = self.sidecar.hello["staging"]["path"]
        self.assertEqual(stat.filemode(os.stat(path).st_mode), "-rw-------")


if __name__ == "__main__":
    unittest.main()
