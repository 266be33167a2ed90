"""Several ranks: a command is carried out by all of them at the same step, or by none."""

import unittest
from typing import Any, Dict, List, Tuple

import torch
from instability_guard import shared_replacement

from fake_sidecar import die, silent
from hook_case import MSIGN, SCALE
from rank_case import LAYERS, QUERY, UP, Rank, on_ranks

Answers = List[Tuple[str, int, str]]


def answers(rank: Rank) -> Answers:
    """Type, step and reason of every answer of this rank's hook."""
    rank.sidecar.await_message("BYE")
    told = [message for message in rank.sidecar.received if message["type"] in ("APPLIED", "NOT_APPLIED")]
    return [(m["type"] if m["type"] == "APPLIED" else m["status"], m["step"], m.get("reason", "")) for m in told]


def scaled(rank: Rank, held: Dict[int, int], **command: Any) -> Tuple[float, Answers]:
    """A run of 12 steps in which rank r is given one command just before step held[r]."""
    guard = rank.attach()
    for step in range(12):
        if held.get(rank.rank) == step:
            rank.sidecar.command("c1", SCALE, **dict(dict(at=3, expires=8, factor=0.5), **command))
        rank.train(guard, step)
    scale = guard.learning_rate_scale
    guard.close()
    return scale, answers(rank)


def replaced(rank: Rank, trouble: str = "") -> Tuple[Dict[str, torch.Tensor], Dict[str, torch.Tensor], Any]:
    """A command to replace all four weights at step 4: those before and after that step, and this rank's answer."""
    if trouble and rank.rank == 1:
        rank.sidecar.on["APPLY"] = {"dies": die, "is silent": silent}[trouble]
    rank.sidecar.replace = lambda weight: -weight - rank.rank
    guard = rank.attach(command_timeout=0.5 if trouble == "is silent" else 20.0)
    for step in range(4):
        if step == 0:
            rank.sidecar.command("c1", MSIGN, at=3, layers=LAYERS)
        rank.train(guard, step)
    rank.optimizer = torch.optim.SGD(rank.model.parameters(), lr=0.0)
    before = rank.weights()
    rank.train(guard, 4)
    after = rank.weights()
    rank.train(guard, 5)
    errors = guard.statistics["errors"]
    guard.close()
    told = [(m["type"], m.get("measurements"), m.get("reason")) for m in rank.sidecar.received if m.get("id") == "c1"]
    return before, after, (told, errors)


def rolled_back(rank: Rank) -> bool:
    """Whether what was replaced is, bit for bit, as before after it was rolled back."""
    kept: Dict[int, torch.Tensor] = {}

    def swap(weight: torch.Tensor) -> torch.Tensor:
        return kept.pop(weight.numel()) if weight.numel() in kept else -weight

    guard = rank.attach(agree_every=1)
    before = rank.weights()
    rank.sidecar.replace = lambda weight: kept.setdefault(weight.numel(), weight) * -1.0
    rank.sidecar.command("c1", MSIGN, at=0, layers=[UP])
    for step in range(3):
        guard.step(step)
    negated = torch.equal(rank.weights()[UP], -before[UP])
    rank.sidecar.replace = swap
    rank.sidecar.command("c2", "ROLL_BACK", at=3, undoes="c1")
    for step in range(3, 6):
        guard.step(step)
    guard.close()
    return negated and torch.equal(rank.weights()[UP], before[UP])


def differing(rank: Rank) -> Tuple[Dict[str, torch.Tensor], Any]:
    """A replica that keeps only half of what it is given is noticed, and gets the lowest rank's weights."""
    guard = rank.attach(agree_every=1)
    if rank.rank == 1:
        copy_to_live = shared_replacement.copy_to_live

        def forgetful(matrices: Any, session: Any) -> None:
            shared_replacement.copy_to_live = copy_to_live
            copy_to_live(matrices[:1], session)

        shared_replacement.copy_to_live = forgetful
    rank.sidecar.command("c1", MSIGN, at=0, layers=[QUERY, UP])
    for step in range(3):
        guard.step(step)
    guard.close()
    rank.sidecar.await_message("BYE")
    return rank.weights(), rank.sidecar.of("APPLIED")[0]["measurements"]


class RanksTest(unittest.TestCase):
    def test_should_apply_at_the_first_boundary_for_which_all_ranks_held_it(self) -> None:
        for told in on_ranks(2, scaled, {0: 0, 1: 0}):
            self.assertEqual(told, (0.5, [("APPLIED", 4, "")]))

    def test_should_wait_for_a_rank_that_hears_of_it_late(self) -> None:
        for told in on_ranks(2, scaled, {0: 0, 1: 4}):
            self.assertEqual(told, (0.5, [("APPLIED", 6, "")]))

    def test_should_apply_nowhere_what_one_rank_never_hears_of(self) -> None:
        first, second = on_ranks(2, scaled, {0: 0})
        self.assertEqual(first, (1.0, [("REFUSED", 8, "rank 1 does not hold it by step 8, so nobody applies it")]))
        self.assertEqual(second, (1.0, []))

    def test_should_say_when_it_came_too_late_to_be_agreed_on(self) -> None:
        for told in on_ranks(2, scaled, {0: 7, 1: 7}):
            self.assertEqual(told[0], 1.0)
            self.assertEqual([answer[:2] for answer in told[1]], [("REFUSED", 8)])
            self.assertIn("too late", told[1][0][2])

    def test_should_give_all_replicas_what_the_owner_of_each_layer_computed(self) -> None:
        for size in (2, 4):
            told = on_ranks(size, replaced)
            for name in LAYERS:
                for before, after, _ in told:
                    self.assertTrue(torch.equal(after[name], told[0][1][name]))
                owner = (told[0][0][name] + told[0][1][name]).mean().neg().round()
                self.assertTrue(torch.equal(told[0][1][name], -told[0][0][name] - owner), name)
            for _, _, (sent, errors) in told:
                kind, measured, _ = sent[-1]
                self.assertEqual((kind, errors), ("APPLIED", 0))
                self.assertEqual((measured["replicasCompared"], measured["replicasResent"]), (4, 0))

    def test_should_change_no_weight_when_one_sidecar_fails_while_it_computes(self) -> None:
        for trouble in ("dies", "is silent"):
            for number, (before, after, (told, errors)) in enumerate(on_ranks(2, replaced, trouble)):
                for name in LAYERS:
                    self.assertTrue(torch.equal(after[name], before[name]))
                self.assertEqual(errors, 0)
                if number == 0:
                    self.assertEqual(told[-1], ("NOT_APPLIED", None, "rank 1 could not do it, so nobody does"))

    def test_should_roll_back_on_all_ranks(self) -> None:
        self.assertEqual(on_ranks(2, rolled_back), [True, True])

    def test_should_resend_to_replicas_that_differ_afterwards(self) -> None:
        told = on_ranks(2, differing)
        for name in LAYERS:
            self.assertTrue(torch.equal(told[0][0][name], told[1][0][name]))
        for _, measured in told:
            self.assertEqual((measured["replicasCompared"], measured["replicasResent"]), (2, 1))


if __name__ == "__main__":
    unittest.main()
