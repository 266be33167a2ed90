"""Steps at which there is nothing to do but to report numbers: they take a short way that must say what the whole one says."""

import math
import socket
import unittest
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

import torch
from instability_guard import InstabilityGuard
from instability_guard.boundary import Boundary
from instability_guard.channel import Channel
from instability_guard.messages import PLAIN_FRAME, PLAIN_PREFIX, StepReport, step_payload
from instability_guard.sampling import SampleCadence

from fake_sidecar import silent
from hook_case import SCALE, HookCase

TIMES = ("hookMicros", "stepMillis")


class OrdinaryStepsTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.whole: List[int] = []
        self.is_dead = False
        original = Boundary._pass

        def noted(boundary: Boundary, step: int, *rest: Any) -> None:
            self.whole.append(step)
            original(boundary, step, *rest)

        patch = mock.patch.object(Boundary, "_pass", noted)
        patch.start()
        self.addCleanup(patch.stop)

    def train(self, guard: InstabilityGuard, steps: range, **scalars: Any) -> None:
        """Trains these steps; each has been answered before the next."""
        for step in steps:
            sent, answered = guard.statistics["stepsSent"], len(self.sidecar.of("STEP"))
            self.train_step(guard, step, **{"loss": 2.0 + step, "gradient_norm": 0.5, **scalars})
            if guard.statistics["stepsSent"] > sent and not self.is_dead:
                self.sidecar.await_message("STEP", answered + 1)

    def told(self, count: int) -> List[Dict[str, Any]]:
        """What was said of the steps, without how long they took."""
        self.sidecar.await_message("STEP", count)
        steps = self.sidecar.of("STEP")
        return [{key: repr(value) for key, value in each.items() if key not in TIMES} for each in steps]

    def test_should_say_the_same_on_the_short_way(self) -> None:
        guard = self.attach(sample_every=4)
        self.train(guard, range(8), max_attention_logit=None)
        self.assertEqual(self.whole, [0, 1, 3, 4, 5, 7], "samples, the steps before, and the answers")
        guard.close()
        guard = self.attach(sample_every=4)
        self.train(guard, range(8), max_attention_logit=torch.tensor(math.nan))
        self.assertEqual(self.whole[6:], list(range(8)))
        told = self.told(16)
        self.assertEqual(told[:8], told[8:])
        self.assertEqual(guard.statistics["stepsSent"], 8)

    def test_should_pack_a_frame_as_it_packs_a_message(self) -> None:
        report = StepReport(3, 2.5, 0.1, 1e-3, 0.5, math.inf, False, 0, 0, 12.0, 30.0, 0.0)
        payload = step_payload(report)
        self.assertEqual(
            PLAIN_FRAME.pack(*PLAIN_PREFIX, *report[:6], *report[7:12]), len(payload).to_bytes(4, "big") + payload
        )

    def test_should_apply_a_command_at_the_step_after_it_came(self) -> None:
        guard = self.attach(sample_every=100)
        self.train(guard, range(3))
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        self.train(guard, range(3, 5))
        self.assertEqual((self.sidecar.await_message("APPLIED")["step"], guard.learning_rate_scale), (3, 0.5))
        self.assertEqual(self.whole, [0, 1, 3, 4], "a lowered scale takes the whole way")

    def test_should_listen_only_where_commands_are_applied(self) -> None:
        guard = self.attach(sample_every=100, agree_every=4)
        self.train(guard, range(1))
        self.sidecar.command("c1", SCALE, at=0, factor=0.5)
        self.train(guard, range(1, 5))
        self.assertEqual((self.sidecar.await_message("APPLIED")["step"], self.whole), (4, [0, 4]))

    def test_should_take_the_whole_way_when_an_optimizer_did_not_step(self) -> None:
        guard = self.attach(sample_every=100)
        self.train(guard, range(2))
        guard.step(2, loss=1.0, gradient_norm=math.inf)
        self.assertEqual(self.whole, [0, 1, 2])
        self.assertIn("skipped", self.sidecar.await_message("STEP", 3)["omissions"][0])

    def test_should_notice_a_sidecar_that_died(self) -> None:
        guard = self.attach(sample_every=100, agree_every=50)
        self.train(guard, range(3))
        self.sidecar.stop()
        self.is_dead = True
        self.train(guard, range(3, 8))
        self.assertEqual((guard.statistics["sessionsLost"], guard.statistics["errors"]), (1, 0))

    def test_should_drop_and_count_when_nobody_reads(self) -> None:
        self.sidecar.on["STEP"] = silent
        guard = self.attach(sample_every=1 << 40)
        self.train(guard, range(2))
        with mock.patch.object(Channel, "send_frame", return_value=False):
            self.train(guard, range(2, 3))
        self.train(guard, range(3, 5))
        told = [
            (each["step"], each["droppedMessages"])
            for each in self.sidecar.of("STEP") + [self.sidecar.await_message("STEP", 4)]
        ]
        self.assertEqual(sorted(set(told)), [(0, 0), (1, 0), (3, 1), (4, 0)])
        self.assertEqual(guard.statistics["messagesDropped"], 1)


class FrameTest(unittest.TestCase):
    def test_should_drop_whole_frames_and_keep_the_rest_of_one(self) -> None:
        ours, theirs = socket.socketpair()
        channel = Channel(ours)
        self.addCleanup(theirs.close)
        self.addCleanup(channel.close)
        sent = 0
        while channel.send_frame(sent.to_bytes(4, "big") * 1000):
            sent += 1
        self.assertGreater(sent, 0)
        expected = b"".join(number.to_bytes(4, "big") * 1000 for number in range(sent))
        received = b""
        theirs.setblocking(False)
        while len(received) < len(expected):
            received += theirs.recv(1 << 20)
            channel.flush()
        self.assertEqual(received, expected)
        self.assertTrue(channel.send_frame(b"again"))

    def test_should_not_send_on_a_broken_connection(self) -> None:
        ours, theirs = socket.socketpair()
        channel = Channel(ours)
        self.addCleanup(channel.close)
        theirs.close()
        self.assertEqual([channel.send_frame(b"gone") for _ in range(2)], [False, False])
        self.assertTrue(channel.has_news())


def in_force(usual: int, order: Optional[Tuple[int, int]], step: int) -> int:
    """Between how many steps samples lie at this one; an order until -1 has no end."""
    return usual if order is None or 0 <= order[1] < step else order[0]


class CadenceTest(unittest.TestCase):
    def test_should_name_the_first_step_that_is_due(self) -> None:
        orders = [None, (3, 12), (1, 5), (7, -1), (20, 21), (6, 100)]
        for usual in (1, 4, 10):
            for order in orders:
                cadence = SampleCadence(usual)
                cadence._ordered = order
                due = [step for step in range(240) if step % in_force(usual, order, step) == 0]
                for step in range(40):
                    first = next(each for each in due if each >= step)
                    self.assertEqual(cadence.next_due(step), first, (usual, order, step))
                    self.assertEqual(cadence.is_due(step), step in due, (usual, order, step))


if __name__ == "__main__":
    unittest.main()
