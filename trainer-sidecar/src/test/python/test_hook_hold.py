"""The training program holds its own run, and commands that are taken back."""

import unittest

from hook_case import LAYERS, MSIGN, SCALE, HookCase


class HoldTest(HookCase):
    def test_should_refuse_every_command_while_held_and_say_so_in_each_step(self) -> None:
        guard = self.attach()
        before = self.weights()
        with guard.hold("my own recovery"):
            self.sidecar.command("c1", MSIGN, at=0, layers=LAYERS)
            guard.step(0)
            self.assertEqual(self.refusal(), ("REFUSED", "held by trainer: my own recovery"))
            self.assertEqual(self.sidecar.await_message("STEP", 1)["held"], "my own recovery")
        guard.step(1)
        self.assertNotIn("held", self.sidecar.await_message("STEP", 2))
        for weight, expected in zip(self.weights(), before):
            self.assert_same(weight, expected)

    def test_should_refuse_what_was_commanded_before_it_was_released(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=2, factor=0.5, floor=0.01, regrowthPerStep=1.0)
        guard.step(0)
        with guard.hold("my own recovery"):
            pass
        guard.step(1)
        self.assertEqual(self.refusal()[0], "REFUSED")
        guard.step(2)
        self.assertEqual(guard.learning_rate_scale, 1.0)

    def test_should_carry_out_what_comes_after_it_was_released(self) -> None:
        guard = self.attach()
        guard.hold("my own recovery")
        guard.step(0)
        guard.release()
        guard.step(1)
        self.sidecar.command("c1", SCALE, at=2, factor=0.5, floor=0.01, regrowthPerStep=1.0)
        guard.step(2)
        self.assertEqual(self.sidecar.await_message("APPLIED")["id"], "c1")

    def test_should_drop_a_cancelled_command_for_ever(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=5, factor=0.5, floor=0.01, regrowthPerStep=1.0)
        guard.step(0)
        self.sidecar.send(type="CANCEL", id="c1", reason="cancelled by alice")
        guard.step(1)
        self.assertEqual(self.refusal(), ("REFUSED", "cancelled by alice"))
        self.sidecar.command("c1", SCALE, at=5, factor=0.5, floor=0.01, regrowthPerStep=1.0)
        for step in range(2, 7):
            guard.step(step)
        self.assertEqual(guard.learning_rate_scale, 1.0)

    def test_should_say_that_a_cancelled_command_was_applied(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", SCALE, at=0, factor=0.5, floor=0.01, regrowthPerStep=1.0)
        guard.step(0)
        first = self.sidecar.await_message("APPLIED", 1)
        self.sidecar.send(type="CANCEL", id="c1", reason="cancelled by alice")
        guard.step(1)
        self.assertEqual(self.sidecar.await_message("APPLIED", 2), first)


if __name__ == "__main__":
    unittest.main()
