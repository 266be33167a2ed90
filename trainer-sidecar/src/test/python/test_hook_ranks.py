"""Several ranks: a command is carried out by all of them at the same step, or by none."""

import unittest
from typing import Any, Dict, List, Tuple

import torch

from fake_sidecar import die, silent
from hook_case import MSIGN, SCALE
from rank_case import KEY, LAYERS, QUERY, UP, Rank, on_ranks

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


if __name__ == "__main__":
    unittest.main()
