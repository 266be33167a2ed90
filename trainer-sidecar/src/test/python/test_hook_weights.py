"""Commands that replace weights: undone from the sidecar's copy, with the optimizer's moments as the command says."""

import unittest
from typing import Any, Dict, Optional, Sequence

import torch
from instability_guard.matrices import track
from instability_guard.moments import KEEP, PROJECT, ZERO, Moments
from torch import nn

from fake_sidecar import FakeSidecar, Message, ready
from intervention_case import KEY, MIXING, QUERY, InterventionCase
from signal_models import conv1d


class WeightsTest(InterventionCase):
    def test_should_replace_what_each_weight_kind_names(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        kinds = {"APPLY_MSIGN": [QUERY], "REPROJECT_HC": [MIXING], "CLIP_ATTENTION_LOGITS": [QUERY, KEY]}
        for step, (kind, layers) in enumerate(kinds.items(), start=1):
            with self.subTest(kind=kind):
                self.order(kind, kind, at=step)
                before = [self.weight(name) for name in layers]
                guard.step(step)
                for name, weight in zip(layers, before):
                    self.assert_same(self.weight(name), -weight)
                answer = self.sidecar.await_message("APPLIED", step)
                names = [self.sidecar.hello["matrices"][index]["name"] for index in answer["matrices"]]
                self.assertEqual(names, layers)

    def test_should_let_the_sidecar_restore_exactly_what_a_command_replaced(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        kept = self.weight(QUERY)
        self.sidecar.replace = lambda weight: weight / 3.0
        self.order("c1", "APPLY_MSIGN", at=1)
        guard.step(1)
        self.assert_same(self.weight(QUERY), kept / 3.0)
        self.sidecar.replace = lambda weight: kept
        self.sidecar.command("r1", "ROLL_BACK", at=2, undoes="c1")
        guard.step(2)
        self.assert_same(self.weight(QUERY), kept)
        apply = self.sidecar.await_message("APPLY", 2)
        self.assertEqual((apply["id"], apply["matrices"]), ("r1", self.sidecar.of("APPLY")[0]["matrices"]))
        self.assertEqual(self.sidecar.await_message("APPLIED", 2)["matrices"], apply["matrices"])

    def test_should_undo_a_command_once_and_only_if_it_was_applied_here(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c1", "APPLY_MSIGN")
        self.applied(guard, 1, "r1", "ROLL_BACK", undoes="c1")
        again = self.not_applied(guard, 2, "r2", "ROLL_BACK", undoes="c1")
        self.assertEqual(again, ("REFUSED", "c1 was not applied here, has no opposite, or was undone already"))
        self.assertEqual(self.not_applied(guard, 3, "r3", "ROLL_BACK", undoes="c9")[0], "REFUSED")
        self.assertEqual(self.not_applied(guard, 4, "r4", "ROLL_BACK"), ("REFUSED", "undoes names no command"))

    def test_should_offer_a_roll_back_again_that_the_sidecar_rejected(self) -> None:
        guard = self.attach_able()
        self.applied(guard, 0, "c1", "APPLY_MSIGN")
        self.sidecar.on["APPLY"] = lambda s, message: s.send(type="REJECT", id=message["id"], reason="not now")
        self.assertEqual(self.not_applied(guard, 1, "r1", "ROLL_BACK", undoes="c1"), ("REFUSED", "not now"))
        self.sidecar.on["APPLY"] = ready
        self.assertEqual(self.applied(guard, 2, "r2", "ROLL_BACK", undoes="c1")["id"], "r2")

    def test_should_do_with_the_moments_what_the_command_says(self) -> None:
        guard = self.attach_able()
        self.train(guard, 0)
        expected = {KEEP: [2, 0, 0], ZERO: [0, 2, 0], PROJECT: [1, 0, 1]}
        for step, (mode, counts) in enumerate(expected.items(), start=1):
            with self.subTest(mode=mode):
                measured = self.applied(guard, step, "c%d" % mode, "APPLY_MSIGN", moments=mode)["measurements"]
                names = ("momentsKept", "momentsZeroed", "momentsProjected")
                self.assertEqual([measured[name] for name in names], counts)

    def test_should_leave_weights_and_moments_alone_when_a_replacement_is_refused(self) -> None:
        def lie(sidecar: FakeSidecar, message: Message) -> None:
            sidecar.send(
                type="READY",
                id=message["id"],
                matrices=[{"index": index, "replaced": True, "crc32": 1} for index in message["matrices"]],
            )

        self.sidecar.on["APPLY"] = lie
        guard = self.attach_able()
        self.train(guard, 0)
        moment = self.moment(QUERY)["exp_avg"].clone()
        weight = self.weight(QUERY)
        self.order("c1", "APPLY_MSIGN", at=1, moments=ZERO)
        guard.step(1)
        self.assertEqual(self.refusal()[0], "FAILED")
        self.assert_same(self.moment(QUERY)["exp_avg"], moment)
        self.assert_same(self.weight(QUERY), weight)

    def weight(self, name: str) -> torch.Tensor:
        return dict(self.model.named_parameters())[name].detach().clone()

    def moment(self, name: str) -> Dict[str, Any]:
        return self.optimizer.state[dict(self.model.named_parameters())[name]]


class MomentsTest(unittest.TestCase):
    """The optimizer's state of one weight, or of a slice of a fused one."""

    def stepped(self, make: Any, name: str = "q_proj", layer: Optional[nn.Module] = None) -> None:
        torch.manual_seed(5)
        self.layer = nn.ModuleDict({name: layer or nn.Linear(4, 4, bias=False)})
        self.weight = next(self.layer.parameters())
        self.optimizer = make([self.weight])
        for _ in range(3):
            self.weight.grad = torch.randn_like(self.weight)
            self.optimizer.step()
        self.matrices = track(self.layer).matrices
        self.state = self.optimizer.state[self.weight]

    def treat(self, mode: int, index: int = 0, change: Sequence[float] = (1.0, 0.0, 0.0, 0.0)) -> Dict[str, float]:
        direction = torch.tensor([list(change)] * 4)
        treatment = Moments([self.optimizer]).treatment([self.matrices[index]], lambda matrix: direction, mode)
        treatment.write()
        return treatment.measurements

    def test_should_take_only_the_component_along_the_change_from_the_first_moment(self) -> None:
        self.stepped(torch.optim.Adam)
        first, second = self.state["exp_avg"].clone(), self.state["exp_avg_sq"].clone()
        self.treat(PROJECT)
        self.assertTrue(torch.allclose(self.state["exp_avg"][:, 0].sum(), torch.zeros(()), atol=1e-7))
        self.assertTrue(torch.equal(self.state["exp_avg"][:, 1:], first[:, 1:]))
        self.assertTrue(torch.equal(self.state["exp_avg_sq"], second))

    def test_should_keep_the_moment_when_nothing_changed_or_the_change_is_not_finite(self) -> None:
        for change in ((0.0, 0.0, 0.0, 0.0), (float("nan"), 0.0, 0.0, 0.0)):
            self.stepped(torch.optim.Adam)
            first = self.state["exp_avg"].clone()
            self.treat(PROJECT, change=change)
            self.assertTrue(torch.equal(self.state["exp_avg"], first))

    def test_should_restart_adam_so_that_its_next_update_is_as_long_as_its_first(self) -> None:
        self.stepped(lambda weights: torch.optim.Adam(weights, lr=0.1))
        self.treat(ZERO)
        self.assertEqual(int(self.state["step"]), 0)
        before = self.weight.detach().clone()
        self.weight.grad = torch.randn_like(self.weight)
        self.optimizer.step()
        self.assertTrue(torch.allclose((self.weight - before).abs(), torch.full_like(before, 0.1), rtol=1e-3))

    def test_should_not_forget_the_scale_of_a_slice_nor_touch_its_neighbours(self) -> None:
        self.stepped(torch.optim.Adam, "c_attn", nn.Linear(4, 12, bias=False))
        first, second = self.state["exp_avg"].clone(), self.state["exp_avg_sq"].clone()
        measured = self.treat(ZERO, index=1)
        self.assertEqual((measured["momentsZeroed"], measured["momentsKept"]), (1, 1))
        self.assertEqual(int(self.state["step"]), 3)
        self.assertEqual(self.state["exp_avg"][4:8].count_nonzero(), 0)
        self.assertTrue(torch.equal(self.state["exp_avg"][:4], first[:4]))
        self.assertTrue(torch.equal(self.state["exp_avg"][8:], first[8:]))
        self.assertTrue(torch.equal(self.state["exp_avg_sq"], second))

    def test_should_find_the_moments_of_a_transposed_slice(self) -> None:
        self.stepped(torch.optim.Adam, "c_attn", conv1d(4, 12))
        first = self.state["exp_avg"].clone()
        self.treat(ZERO, index=2)
        self.assertEqual(self.state["exp_avg"][:, 8:].count_nonzero(), 0)
        self.assertTrue(torch.equal(self.state["exp_avg"][:, :8], first[:, :8]))

    def test_should_know_the_momentum_of_sgd(self) -> None:
        self.stepped(lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9))
        self.assertEqual(self.treat(ZERO)["momentsZeroed"], 1)
        self.assertEqual(self.state["momentum_buffer"].count_nonzero(), 0)

    def test_should_keep_state_that_it_does_not_know(self) -> None:
        self.stepped(torch.optim.Adam)
        self.state["slow_weight"] = torch.ones(4, 4)
        self.assertEqual(self.treat(ZERO)["momentsKept"], 1)
        self.assertTrue(torch.equal(self.state["slow_weight"], torch.ones(4, 4)))

    def test_should_find_no_moments_before_the_first_step(self) -> None:
        weight = nn.Linear(4, 4, bias=False)
        self.optimizer, self.matrices = torch.optim.Adam(weight.parameters()), track(weight).matrices
        self.assertEqual(set(self.treat(ZERO).values()), {0})
        self.assertEqual(len(self.optimizer.state), 0)


if __name__ == "__main__":
    unittest.main()
