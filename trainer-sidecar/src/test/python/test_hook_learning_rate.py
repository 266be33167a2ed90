"""The scale is in force while the optimizer steps, and at no other time."""

import copy
import pickle
import unittest
import warnings
from typing import Any, Callable

import torch
from instability_guard.learning_rate import LearningRateScale
from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, OneCycleLR, ReduceLROnPlateau

from hook_case import SCALE
from intervention_case import InterventionCase

HALF = {"factor": 0.5}
SCHEDULERS = {
    "lambda": lambda o: LambdaLR(o, lambda epoch: 1.0 / (1 + epoch)),
    "exponential": lambda o: ExponentialLR(o, 0.5),
    "one cycle": lambda o: OneCycleLR(o, max_lr=1.0, total_steps=8, cycle_momentum=False),
    "plateau": lambda o: ReduceLROnPlateau(o, patience=0),
}


def parameter() -> nn.Parameter:
    weight = nn.Parameter(torch.zeros(3))
    weight.grad = torch.ones(3)
    return weight


def schedule(scheduler: Any) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(1.0)
    else:
        scheduler.step()


class LearningRateTest(unittest.TestCase):
    def scaled(self, weight: nn.Parameter, **options: Any) -> Any:
        optimizer = SGD([weight], lr=0.5, **options)
        scale = LearningRateScale([optimizer])
        scale.apply(HALF)
        return optimizer, scale

    def test_should_scale_the_step_exactly_and_show_the_unscaled_rate(self) -> None:
        weight = parameter()
        optimizer, scale = self.scaled(weight)
        optimizer.step()
        self.assertEqual(weight.tolist(), [-0.25] * 3)
        self.assertEqual(optimizer.param_groups[0]["lr"], 0.5)
        self.assertEqual(scale.effective(), (0.25, 0.5))

    def test_should_compose_with_any_scheduler_made_before_or_after(self) -> None:
        for name, make in SCHEDULERS.items():
            for scale_first in (True, False):
                with self.subTest(scheduler=name, scale_first=scale_first):
                    self.check_scheduler(make, scale_first)

    def check_scheduler(self, make: Callable[[Optimizer], Any], scale_first: bool) -> None:
        plain, weight = parameter(), parameter()
        reference, optimizer = SGD([plain], lr=0.5), SGD([weight], lr=0.5)
        reference_scheduler = make(reference)
        if scale_first:
            scale = LearningRateScale([optimizer])
            scheduler = make(optimizer)
        else:
            scheduler = make(optimizer)
            scale = LearningRateScale([optimizer])
        scale.apply(HALF)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(6):
                reference.step()
                schedule(reference_scheduler)
                optimizer.step()
                schedule(scheduler)
                self.assertEqual(optimizer.param_groups[0]["lr"], reference.param_groups[0]["lr"])
        self.assertTrue(torch.equal(weight, plain * 0.5))

    def test_should_scale_a_rate_that_is_a_tensor(self) -> None:
        weight = parameter()
        rate = torch.tensor(0.5)
        optimizer, scale = self.scaled(weight)
        optimizer.param_groups[0]["lr"] = rate
        seen = []
        weight.register_hook(lambda grad: grad)
        optimizer.step(lambda: seen.append(optimizer.param_groups[0]["lr"].item()))
        self.assertEqual(seen, [0.25])
        self.assertIs(optimizer.param_groups[0]["lr"], rate)
        self.assertEqual(rate.item(), 0.5)
        self.assertEqual(scale.effective(), (0.25, 0.5))

    def test_should_restore_the_rate_when_the_step_raises(self) -> None:
        optimizer, _ = self.scaled(parameter())

        def broken() -> float:
            self.assertEqual(optimizer.param_groups[0]["lr"], 0.25)
            raise ArithmeticError("on purpose")

        with self.assertRaises(ArithmeticError):
            optimizer.step(broken)
        self.assertEqual(optimizer.param_groups[0]["lr"], 0.5)

    def test_should_return_what_a_closure_returns(self) -> None:
        optimizer, _ = self.scaled(parameter())
        self.assertEqual(optimizer.step(lambda: 3.0), 3.0)

    def test_should_take_groups_that_are_added_later(self) -> None:
        optimizer, _ = self.scaled(parameter())
        late = parameter()
        optimizer.add_param_group({"params": [late], "lr": 4.0})
        optimizer.step()
        self.assertEqual(late.tolist(), [-2.0] * 3)

    def test_should_leave_no_trace_after_uninstall(self) -> None:
        weight = parameter()
        optimizer, scale = self.scaled(weight)
        scale.uninstall()
        self.assertNotIn("step", vars(optimizer))
        optimizer.step()
        self.assertEqual(weight.tolist(), [-0.5] * 3)

    def test_should_be_without_effect_inside_a_scheduler_after_uninstall(self) -> None:
        weight = parameter()
        optimizer, scale = self.scaled(weight)
        scheduler = SCHEDULERS["exponential"](optimizer)
        scale.uninstall()
        optimizer.step()
        scheduler.step()
        self.assertEqual(weight.tolist(), [-0.5] * 3)

    def test_should_not_travel_with_a_copy_of_the_optimizer(self) -> None:
        weight = parameter()
        optimizer, _ = self.scaled(weight)
        for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
            copied.param_groups[0]["params"][0].grad = torch.ones(3)
            copied.step()
            self.assertEqual(copied.param_groups[0]["params"][0].tolist(), [-0.5] * 3)

    def test_should_keep_a_rate_that_the_optimizer_sets_itself(self) -> None:
        optimizer, _ = self.scaled(parameter())
        optimizer.step(lambda: optimizer.param_groups[0].__setitem__("lr", 0.125))
        self.assertEqual(optimizer.param_groups[0]["lr"], 0.125)

    def test_should_never_reach_zero(self) -> None:
        scale = LearningRateScale([SGD([parameter()], lr=0.5)])
        for _ in range(50):
            scale.apply({"factor": 1e-9})
        self.assertGreater(scale.scale, 0.0)

    def test_should_hold_the_scale_before_it_recovers(self) -> None:
        scale = LearningRateScale([SGD([parameter()], lr=0.5)])
        scale.apply({"factor": 0.25, "regrowthPerStep": 2.0, "recoverAfterSteps": 3})
        scales = []
        for _ in range(6):
            scale.regrow()
            scales.append(scale.scale)
        self.assertEqual(scales, [0.25, 0.25, 0.25, 0.5, 1.0, 1.0])

    def test_should_know_an_optimizer_without_a_learning_rate(self) -> None:
        optimizer = SGD([parameter()], lr=0.5)
        scale = LearningRateScale([optimizer])
        self.assertTrue(scale.is_usable)
        optimizer.param_groups[0]["lr"] = None
        self.assertFalse(scale.is_usable)


class RollBackTest(InterventionCase):
    def test_should_restore_the_scale_bit_for_bit_the_last_cut_first(self) -> None:
        guard = self.attach_able()
        scales = [guard.learning_rate_scale]
        for step, factor in enumerate((0.7, 0.3)):
            self.applied(guard, step, "c%d" % step, SCALE, factor=factor, floor=0.01)
            scales.append(guard.learning_rate_scale)
        refusal = self.not_applied(guard, 2, "early", "ROLL_BACK", undoes="c0")
        self.assertEqual(refusal, ("REFUSED", "the learning rate was scaled again: undo c1 first"))
        for step, (undoes, expected) in enumerate((("c1", scales[1]), ("c0", scales[0])), start=3):
            answer = self.applied(guard, step, "r%d" % step, "ROLL_BACK", undoes=undoes)
            self.assertEqual(guard.learning_rate_scale, expected)
            self.assertEqual(answer["learningRateScaleAfter"], expected)

    def test_should_go_on_with_the_regrowth_that_was_before(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c0", SCALE, factor=0.25, regrowthPerStep=2.0, recoverAfterSteps=3)
        self.applied(guard, 1, "c1", SCALE, factor=0.5)
        self.applied(guard, 2, "r1", "ROLL_BACK", undoes="c1")
        scales = []
        for step in range(3, 7):
            guard.step(step)
            scales.append(guard.learning_rate_scale)
        self.assertEqual(scales, [0.25, 0.25, 0.5, 1.0])

    def test_should_not_lower_by_undoing_what_has_grown_since(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c0", SCALE, factor=0.5)
        self.applied(guard, 1, "c1", SCALE, factor=0.5, regrowthPerStep=3.0)
        guard.step(2)
        self.applied(guard, 3, "r1", "ROLL_BACK", undoes="c1")
        self.assertEqual(guard.learning_rate_scale, 1.0)


if __name__ == "__main__":
    unittest.main()
