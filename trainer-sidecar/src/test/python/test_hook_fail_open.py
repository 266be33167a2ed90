"""The hook against a sidecar that is absent, dies, or is slow: training goes on, nothing is changed."""

import os
import socket
import stat
import threading
import unittest
from unittest import mock

import torch
from instability_guard import connection as connection_module

from fake_sidecar import FakeSidecar, Message, die, replaced, sampled, silent, welcome
from hook_case import LAYERS, MSIGN, SCALE, HookCase


class FailOpenTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 100.0
        clock = mock.patch.object(connection_module, "time", mock.Mock(monotonic=lambda: self.now))
        clock.start()
        self.addCleanup(clock.stop)

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

    def test_should_warn_once_of_a_sidecar_that_died_and_stays_away(self) -> None:
        guard = self.attach()
        guard.step(0)
        self.sidecar.stop()
        for step in range(1, 6):
            self.now += 10.0
            guard.step(step)
        self.assertEqual(len(self.warnings.texts), 1)
        self.assertIn("the sidecar is lost", self.warnings.texts[0])

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
