"""How often weights are sampled, by order of the guard."""

import unittest
from typing import List

from instability_guard import InstabilityGuard

from intervention_case import InterventionCase


class SamplingTest(InterventionCase):
    def sampled(self, guard: InstabilityGuard, steps: range) -> List[int]:
        """Those of these steps that are sampled, when the sidecar keeps up."""
        found = []
        for step in steps:
            self.train(guard, step)
            found += [step] * self.sidecar.await_message("STEP", step + 1)["sample"]
        return found

    def test_should_sample_as_ordered_until_the_step_of_the_order(self) -> None:
        guard = self.attach_able(sample_every=10)
        self.assertEqual(self.sampled(guard, range(0, 5)), [0])
        self.order("c1", "SAMPLE_EVERY", at=5, every=3, untilStep=12)
        self.assertEqual(self.sampled(guard, range(5, 25)), [6, 9, 12, 20])
        self.assertEqual(self.sidecar.await_message("APPLIED")["measurements"], {"sampleEvery": 3})

    def test_should_sample_as_ordered_until_the_next_order(self) -> None:
        guard = self.attach_able(sample_every=10)
        self.order("c1", "SAMPLE_EVERY", at=0)
        self.assertEqual(self.sampled(guard, range(0, 4)), [0, 1, 2, 3])
        self.order("c2", "SAMPLE_EVERY", at=4, every=4)
        self.assertEqual(self.sampled(guard, range(4, 10)), [4, 8])

    def test_should_refuse_an_order_that_is_over(self) -> None:
        guard = self.attach_able()
        for number, until_step in enumerate((3, 0)):
            refusal = self.not_applied(guard, 3, "c%d" % number, "SAMPLE_EVERY", untilStep=until_step)
            self.assertEqual(refusal, ("REFUSED", "untilStep %d is over: this is step 3" % until_step))

    def test_should_not_roll_an_order_back(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c1", "SAMPLE_EVERY", every=5)
        self.assertEqual(self.not_applied(guard, 1, "r1", "ROLL_BACK", undoes="c1")[0], "REFUSED")


if __name__ == "__main__":
    unittest.main()
