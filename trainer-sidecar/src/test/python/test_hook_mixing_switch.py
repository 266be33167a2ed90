"""Switching residual mixing while the model trains."""

import unittest
from typing import List

import torch
from instability_guard.residual_mixing import sinkhorn

from hook_case import HookCase
from intervention_case import MIXER, OTHER_MIXER, InterventionCase


class MixingSwitchTest(InterventionCase):
    def modes(self) -> List[bool]:
        return [block.hyper.mixing.projected for block in self.model.blocks]

    def test_should_mix_with_the_projection_from_the_next_forward_pass_on(self) -> None:
        guard = self.attach_able()
        free = self.model(self.inputs)
        answer = self.applied(guard, 0, "c1", "SWITCH_HC")
        self.assertEqual((self.modes(), answer["measurements"]), ([True, True], {"mixersSwitched": 2}))
        projected = self.model(self.inputs)
        with torch.no_grad():
            for block in self.model.blocks:
                block.hyper.h_res.copy_(sinkhorn(block.hyper.h_res))
        self.assertFalse(torch.allclose(projected, free))
        for block in self.model.blocks:
            block.hyper.mixing.projected = False
        self.assertTrue(torch.allclose(self.model(self.inputs), projected, atol=1e-5))

    def test_should_switch_the_named_mixers_only_and_back(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c1", "SWITCH_HC", layers=(OTHER_MIXER,))
        self.assertEqual(self.modes(), [False, True])
        self.applied(guard, 1, "c2", "SWITCH_HC")
        self.assertEqual(self.modes(), [True, True])
        self.applied(guard, 2, "r2", "ROLL_BACK", undoes="c2")
        self.assertEqual(self.modes(), [False, True], "what another command switched stays")
        off = self.applied(guard, 3, "c3", "SWITCH_HC", on=0)
        self.assertEqual((self.modes(), off["measurements"]["mixersSwitched"]), ([False, False], 1))

    def test_should_survive_a_lost_sidecar(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c1", "SWITCH_HC", layers=(MIXER,))
        self.sidecar.stop()
        self.train(guard, 1)
        self.train(guard, 2)
        self.assertEqual(self.modes(), [True, False])


class NoMixersTest(HookCase):
    def test_should_say_what_to_do_when_the_model_has_none(self) -> None:
        guard = self.attach()
        self.sidecar.command("c1", "SWITCH_HC", at=0)
        guard.step(0)
        expected = "the model has no mixers: pass its residual mixing matrices through ResidualMixing"
        self.assertEqual(self.refusal(), ("REFUSED", expected))


if __name__ == "__main__":
    unittest.main()
