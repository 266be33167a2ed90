"""What holds for every kind of command, whatever it does."""

import time
import unittest
from typing import Any, Tuple

import torch
from instability_guard import InstabilityGuard
from instability_guard.kinds import KINDS, ROLL_BACK

from fake_sidecar import die, silent
from intervention_case import BLOCK, KEY, MIXING, ORDINARY, QUERY, InterventionCase

HOSTILE = (float("nan"), float("inf"), -float("inf"), -1.0, 1e300, 0.5, "1", None, True, [1.0])
FRACTIONS = ("factor", "floor", "epsilon", "threshold", "scale", "strength")
ACCEPTED = [(name, 0.5) for name in FRACTIONS] + [("untilStep", -1.0)]
ELSEWHERE = {
    "APPLY_MSIGN": (MIXING,),
    "REPROJECT_HC": (QUERY,),
    "CLIP_ATTENTION_LOGITS": (QUERY,),
    "SWITCH_HC": ("nowhere",),
    "ENABLE_KSS": ("nowhere",),
}
"""Layers that a kind must refuse; those of the others must be none."""


class KindsTest(InterventionCase):
    def test_should_have_an_ordinary_command_of_each_kind_to_test(self) -> None:
        self.assertEqual(set(ORDINARY) | {ROLL_BACK}, set(KINDS))

    def test_should_apply_each_kind_at_its_boundary_and_once_for_ever(self) -> None:
        for number, kind in enumerate(ORDINARY):
            with self.subTest(kind=kind):
                with self.attach_able() as guard:
                    self.check_once(guard, kind, 2 * number + 1)

    def check_once(self, guard: InstabilityGuard, kind: str, count: int) -> None:
        self.train(guard, 0)
        self.order(kind, kind, at=2)
        self.train(guard, 1)
        self.assertEqual(guard.statistics["commandsApplied"], 0)
        self.train(guard, 2)
        first = self.sidecar.await_message("APPLIED", count)
        self.assertEqual((first["id"], first["step"]), (kind, 2))
        self.assertGreater(first["hookMillis"], 0.0)
        if kind == "REWIND_AND_SKIP":  # attaches anew, as another generation
            self.sidecar.await_message("HELLO", (count + 3) // 2)
        before = self.state(guard)
        self.order(kind, kind, at=0)
        guard.step(3)
        self.assertEqual(self.sidecar.await_message("APPLIED", count + 1), first)
        self.assertEqual(self.state(guard), before)
        self.assertEqual(guard.statistics["commandsApplied"], 1)
        self.assertEqual(guard.statistics["errors"], 0)

    def test_should_change_nothing_when_any_kind_has_expired(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        for number, kind in enumerate(ORDINARY, start=1):
            with self.subTest(kind=kind):
                self.order(kind, kind, at=0, expires=number)
                before = self.state(guard)
                guard.step(number + 1)
                self.assertEqual(self.refusal(number)[0], "EXPIRED")
                self.assertEqual(self.state(guard), before)

    def test_should_refuse_hostile_parameters_of_any_kind(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        before, refused = self.state(guard), 0
        for kind, definition in KINDS.items():
            for name in definition.parameters:
                for value in HOSTILE:
                    if (name, value) in ACCEPTED:
                        continue
                    with self.subTest(kind=kind, parameter=name, value=value):
                        refused += 1
                        self.order("h%d" % refused, kind, **{name: value})
                        guard.step(0)
                        status, reason = self.refusal(refused)
                        self.assertEqual(status, "REFUSED")
                        self.assertIn(name, reason or "")
        self.assertEqual(guard.statistics["commandsNotApplied"], refused)
        self.assertGreater(refused, 100)
        self.assertEqual(self.state(guard), before)

    def test_should_refuse_layers_that_a_kind_cannot_touch(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        before = self.state(guard)
        for number, kind in enumerate(ORDINARY, start=1):
            with self.subTest(kind=kind):
                self.order(kind, kind, layers=ELSEWHERE.get(kind, (BLOCK,)))
                guard.step(0)
                self.assertEqual(self.refusal(number)[0], "REFUSED")
                self.assertEqual(self.state(guard), before)

    def test_should_ignore_parameters_that_it_does_not_know(self) -> None:
        for kind in ORDINARY:
            with self.subTest(kind=kind):
                with self.attach_able() as guard:
                    self.train(guard, 0)
                    answer = self.applied(guard, 1, kind, kind, colour=-7.0, taste=None)
                    self.assertEqual(answer["id"], kind)

    def test_should_never_wait_longer_than_the_bound_for_any_kind(self) -> None:
        self.sidecar.on["APPLY"] = silent
        guard = self.attach_able(command_timeout=0.05)
        self.train(guard, 0)
        for kind in ORDINARY:
            self.order(kind, kind, at=1, expires=1)
        started = time.monotonic()
        guard.step(1)
        self.assertLess(time.monotonic() - started, 5.0)
        answered = guard.statistics["commandsApplied"] + guard.statistics["commandsNotApplied"]
        self.assertEqual(answered, len(ORDINARY))

    def test_should_go_on_when_the_sidecar_dies_while_any_kind_is_applied(self) -> None:
        self.sidecar.on["APPLY"] = die
        for kind in ORDINARY:
            with self.subTest(kind=kind):
                with self.attach_able() as guard:
                    self.train(guard, 0)
                    self.order(kind, kind, at=1)
                    self.sidecar.hang_up()
                    self.train(guard, 1)
                    self.train(guard, 2)
                    self.assertEqual(guard.statistics["errors"], 0)

    def test_should_refuse_every_kind_in_a_run_of_several_ranks(self) -> None:
        guard = self.attach_able(process_rank=0, world_size=2)
        self.train(guard, 0)
        before = self.state(guard)
        for number, kind in enumerate(ORDINARY, start=1):
            self.order(kind, kind)
            guard.step(0)
            self.assertEqual(
                self.refusal(number),
                (
                    "REFUSED",
                    "several ranks cannot agree on a command: torch.distributed was not initialised before the guard was attached",
                ),
            )
        self.assertEqual(self.state(guard), before)

    def test_should_name_what_is_wrong_with_the_layers(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        for number, (kind, layers, reason) in enumerate(
            (
                ("CLIP_ATTENTION_LOGITS", (KEY,), "KEY and QUERY must be named in pairs"),
                ("REPROJECT_HC", (QUERY,), "layers must be RESIDUAL_MIXING: %s is QUERY" % QUERY),
                ("APPLY_MSIGN", (QUERY, QUERY), "a layer is named twice"),
                ("PAUSE", (BLOCK,), "layers are named, but PAUSE is for the whole model"),
            ),
            start=1,
        ):
            self.order(kind, kind, layers=layers)
            guard.step(0)
            self.assertEqual(self.refusal(number), ("REFUSED", reason))

    def test_should_refuse_a_standing_order_and_say_who_repeats(self) -> None:
        guard = self.attach_able()
        status, reason = self.not_applied(guard, 0, "c", "APPLY_MSIGN", repeatEvery=10, untilStep=100)
        self.assertEqual(status, "REFUSED")
        self.assertIn("the guard repeats the command by itself", reason)

    def state(self, guard: InstabilityGuard) -> Tuple[Any, ...]:
        """What a command could have changed, as far as one can see it."""
        weights = torch.cat([weight.flatten() for weight in self.model.state_dict().values()]).numpy().tobytes()
        projected = [block.hyper.mixing.projected for block in self.model.blocks]
        hooks = [len(block._forward_hooks) for block in self.model.blocks]
        return weights, projected, hooks, guard.learning_rate_scale


if __name__ == "__main__":
    unittest.main()
