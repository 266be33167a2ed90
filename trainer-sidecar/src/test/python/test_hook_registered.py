"""Checkpoints, rewinds and pauses: the training loop's own functions, called by the guard's command only."""

import unittest
from typing import Any, List

from instability_guard import InstabilityGuard

from intervention_case import MIXER, InterventionCase


class RegisteredTest(InterventionCase):
    def test_should_call_what_was_registered_with_its_step(self) -> None:
        calls: List[Any] = []
        guard = self.attach_able(
            on_checkpoint=lambda step: calls.append(("checkpoint", step)),
            on_pause=lambda step, reason: calls.append(("pause", step, reason)),
            on_rewind=lambda step, back, skip: calls.append(("rewind", step, back, skip)) or 2,
        )
        saved = self.applied(guard, 3, "c1", "SAVE_CHECKPOINT")["measurements"]
        paused = self.applied(guard, 4, "c2", "PAUSE")["measurements"]
        rewound = self.applied(guard, 5, "c3", "REWIND_AND_SKIP", backSteps=3, skipSteps=7)["measurements"]
        pause = ("pause", 4, "the guard asks for a pause (command c2)")
        self.assertEqual(calls, [("checkpoint", 3), pause, ("rewind", 5, 3, 7)])
        self.assertGreater(saved["checkpointMillis"], 0.0)
        self.assertGreater(paused["pauseMillis"], 0.0)
        self.assertGreater(rewound["rewindMillis"], 0.0)
        self.assertEqual(rewound["resumedFromStep"], 2)

    def test_should_say_what_to_register(self) -> None:
        guard = self.attach()
        functions = {"SAVE_CHECKPOINT": "on_checkpoint", "PAUSE": "on_pause", "REWIND_AND_SKIP": "on_rewind"}
        for step, (kind, function) in enumerate(functions.items()):
            expected = "no function is registered for it: attach the guard with %s=..." % function
            self.assertEqual(self.not_applied(guard, step, kind, kind), ("REFUSED", expected))

    def test_should_go_on_when_a_function_raises(self) -> None:
        def fail(*arguments: Any) -> Any:
            raise OSError("disk full\nand a long story")

        guard = self.attach(on_checkpoint=fail, on_rewind=fail, on_pause=fail)
        functions = {"SAVE_CHECKPOINT": "on_checkpoint", "PAUSE": "on_pause", "REWIND_AND_SKIP": "on_rewind"}
        for step, (kind, function) in enumerate(functions.items()):
            answer = self.not_applied(guard, step, kind, kind)
            self.assertEqual(answer, ("FAILED", "%s raised OSError: disk full" % function))
        self.assertEqual(len(self.sidecar.of("HELLO")), 1)
        self.assertEqual(guard.statistics["errors"], 0)

    def test_should_go_on_as_a_later_generation_after_a_rewind(self) -> None:
        guard = self.attach_able(generation=9, on_rewind=lambda step, back, skip: step - back)
        self.applied(guard, 0, "c1", "SCALE_LEARNING_RATE")
        self.applied(guard, 1, "c2", "SWITCH_HC", layers=(MIXER,))
        self.applied(guard, 2, "c4", "ENABLE_KSS", every=1)
        self.order("late", "SCALE_LEARNING_RATE", at=50)
        self.applied(guard, 8, "c3", "REWIND_AND_SKIP", backSteps=5)
        self.assertEqual(self.sidecar.await_message("BYE"), {"type": "BYE", "step": 8})
        self.assertEqual(self.refusal(), ("ABANDONED", "the run was rewound to step 3"))
        hello = self.sidecar.await_message("HELLO", 2)
        self.assertEqual((hello["generation"], hello["step"]), (10, 3))
        self.assertGreaterEqual(hello["startedAtMs"], self.sidecar.of("HELLO")[0]["startedAtMs"])
        self.train(guard, 4)
        self.sidecar.await_message("STEP", 4)
        self.assertEqual([message["step"] for message in self.sidecar.of("STEP")], [0, 1, 2, 4])
        self.assertGreater(self.penalty.item(), 0.0)
        self.assertEqual(guard.learning_rate_scale, 0.5)
        self.assertTrue(self.model.blocks[0].hyper.mixing.projected)
        undo = self.not_applied(guard, 5, "r", "ROLL_BACK", undoes="c1")
        self.assertEqual(undo[0], "REFUSED", "what came before a rewind is not undone after it")
        self.assertEqual(guard.statistics["sessionsLost"], 0)

    def test_should_not_believe_a_rewind_to_nowhere(self) -> None:
        guard = self.attach_able(on_rewind=lambda step, back, skip: back)
        for step, back in enumerate((100, 2)):
            status, reason = self.not_applied(guard, step, "c%d" % step, "REWIND_AND_SKIP", backSteps=back)
            self.assertEqual((status, reason.split(",")[0]), ("FAILED", "on_rewind returned %d" % back))
        self.assertEqual(len(self.sidecar.of("HELLO")), 1)

    def test_should_take_a_call_back_into_the_guard_for_nothing(self) -> None:
        guards: List[InstabilityGuard] = []
        guard = self.attach_able(on_pause=lambda step, reason: guards[0].step(step + 1), sample_every=1)
        guards.append(guard)
        self.applied(guard, 0, "c1", "PAUSE")
        self.sidecar.await_message("STEP")
        self.assertEqual([message["step"] for message in self.sidecar.of("STEP")], [0])

    def test_should_let_a_pause_close_the_guard(self) -> None:
        guards: List[InstabilityGuard] = []
        guard = self.attach_able(on_pause=lambda step, reason: guards[0].close())
        guards.append(guard)
        self.order("c1", "PAUSE")
        self.train(guard, 0)
        self.train(guard, 1)
        self.sidecar.await_message("BYE")
        self.assertEqual(guard.statistics["errors"], 0)

    def test_should_let_a_pause_end_the_training(self) -> None:
        def stop(step: int, reason: str) -> None:
            raise KeyboardInterrupt

        guard = self.attach_able(on_pause=stop)
        self.order("c1", "PAUSE")
        with self.assertRaises(KeyboardInterrupt):
            self.train(guard, 0)
        self.assertEqual(self.refusal(), ("FAILED", "KeyboardInterrupt ended it"))
        self.train(guard, 1)  # a loop that thinks better of it is not interrupted again
        guard.close()
        self.sidecar.await_message("BYE")

    def test_should_refuse_what_is_no_function(self) -> None:
        with self.assertRaisesRegex(ValueError, "on_pause must be a function: 3"):
            self.attach_unanswered(on_pause=3)


if __name__ == "__main__":
    unittest.main()
