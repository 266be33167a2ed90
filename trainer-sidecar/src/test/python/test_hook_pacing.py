"""Lockstep and the minimum step time."""

import unittest
from unittest import mock

from instability_guard import pacing
from instability_guard.pacing import Pacing
from instability_guard.report import Report

from fake_sidecar import FakeSidecar, Message, progress, sampled, silent
from hook_case import SCALE, HookCase


class PacingTest(HookCase):
    def test_should_wait_until_the_step_before_the_lag_is_consumed(self) -> None:
        consumed = []

        def two_behind(sidecar: FakeSidecar, message: Message) -> None:
            sampled(sidecar, message)
            consumed.append(message["step"])
            sidecar.send(type="PROGRESS", step=message["step"] - 2)

        self.sidecar.on["STEP"] = two_behind
        guard = self.attach(lockstep=2, lockstep_timeout=10.0)
        for step in range(6):
            guard.step(step)
            self.assertGreaterEqual(len(consumed), step - 1)
        self.assertEqual(guard.statistics["lockstepWaitsTimedOut"], 0)
        self.assertGreater(self.sidecar.await_message("STEP", 6)["waitMillis"], 0.0)

    def test_should_apply_at_the_very_step_that_was_decided_on_without_a_lag(self) -> None:
        def decide(sidecar: FakeSidecar, message: Message) -> None:
            sampled(sidecar, message)
            sidecar.command("c%d" % message["step"], SCALE, at=message["step"], factor=0.5)
            sidecar.send(type="PROGRESS", step=message["step"])

        self.sidecar.on["STEP"] = decide
        guard = self.attach(lockstep=0, lockstep_timeout=10.0)
        for step in range(3):
            guard.step(step)
            self.assertEqual(guard.learning_rate_scale, 0.5 ** (step + 1))

    def test_should_count_a_wait_that_ran_out_and_suspend_after_ten(self) -> None:
        self.sidecar.on["STEP"] = silent
        guard = self.attach(lockstep=1, lockstep_timeout=0.001)
        for step in range(30):
            guard.step(step)
        self.assertEqual(guard.statistics["lockstepWaitsTimedOut"], 10)
        self.assertEqual(len(self.warnings.texts), 1)
        self.sidecar.on["STEP"] = progress
        self.sidecar.await_message("STEP", 30)
        self.sidecar.send(type="PROGRESS", step=29)
        guard.step(30)
        self.sidecar.on["STEP"] = silent
        for step in range(31, 35):
            guard.step(step)
        self.assertGreater(guard.statistics["lockstepWaitsTimedOut"], 10)

    def test_should_not_wait_for_steps_that_were_sent_to_another_session(self) -> None:
        self.sidecar.on["STEP"] = progress
        guard = self.attach(lockstep=3, lockstep_timeout=10.0)
        for step in range(100, 106):
            guard.step(step)
        self.assertEqual(guard.statistics["lockstepWaitsTimedOut"], 0)

    def test_should_not_wait_without_a_sidecar(self) -> None:
        self.sidecar.stop()
        guard = self.attach_unanswered(lockstep=0, lockstep_timeout=1000.0)
        guard.step(0)
        self.assertEqual(guard.statistics["lockstepWaitsTimedOut"], 0)

    def test_should_keep_steps_a_minimum_time_apart(self) -> None:
        now, slept = [50.0], []

        def sleep(seconds: float) -> None:
            slept.append(round(seconds, 6))
            now[0] += seconds

        with mock.patch.object(pacing, "time", mock.Mock(monotonic=lambda: now[0], sleep=sleep)):
            paced = Pacing(None, 2.0, 20.0, Report())
            for working in (0.0, 0.005, 0.030, 0.0):
                now[0] += working
                paced.await_next_step()
        self.assertEqual(slept, [0.015, 0.02])
        self.assertAlmostEqual(paced.take_waited(), 0.035)
        self.assertEqual(paced.take_waited(), 0.0)


if __name__ == "__main__":
    unittest.main()
