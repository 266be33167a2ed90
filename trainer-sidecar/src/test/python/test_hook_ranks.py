"""Several ranks: a command is carried out by all of them at the same step, or by none."""

import unittest
from typing import Any, Dict, List, Tuple
from unittest import mock

import torch
from instability_guard import ranks as ranks_module
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


def abandoned(rank: Rank) -> Tuple[List[str], Answers, int]:
    """Rank 1 leaves after step 4: what the others say, and answer to a command that comes after that."""
    guard = rank.attach()
    for step in range(12):
        if step == 5 and rank.rank == 1:
            guard.close()
        if step == 8 and rank.rank != 1:
            rank.sidecar.command("c1", SCALE, at=9, factor=0.5)
        rank.train(guard, step)
    guard.close()
    return rank.warnings.texts, answers(rank), guard.statistics["errors"]


def astray(rank: Rank) -> Tuple[List[str], float]:
    """Rank 1 counts its steps from 10 on."""
    guard = rank.attach()
    for step in range(10 * rank.rank, 10 * rank.rank + 6):
        rank.sidecar.command("c%d" % step, SCALE, at=0, factor=0.5)
        rank.train(guard, step)
    scale = guard.learning_rate_scale
    guard.close()
    return rank.warnings.texts, scale


def lonely(rank: Rank) -> Tuple[List[str], Any]:
    """Only rank 0 attaches; then all ranks make a group of their own."""
    told = None
    if rank.rank == 0:
        with mock.patch.object(ranks_module, "_JOIN_SECONDS", 0.2):
            guard = rank.attach()
        rank.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(0)
        guard.close()
        told = answers(rank)
    group = torch.distributed.new_group()
    numbers = torch.ones(1)
    torch.distributed.all_reduce(numbers, group=group)
    assert numbers.item() == rank.size
    return rank.warnings.texts, told


def disagreeing(rank: Rank) -> str:
    try:
        rank.attach(agree_every=2 + rank.rank)
    except ValueError as error:
        return str(error)
    return ""


def in_pairs(rank: Rank) -> Tuple[int, int, int, float]:
    """Four processes train two runs: what HELLO says, and the scale after a command to ranks 2 and 3."""
    pairs = [torch.distributed.new_group([0, 1]), torch.distributed.new_group([2, 3])]
    pair = rank.rank // 2
    guard = rank.attach(run_id="run-%d" % pair, process_group=pairs[pair], agree_every=1)
    for step in range(3):
        if pair == 1 and step == 0:
            rank.sidecar.command("c1", SCALE, at=0, factor=0.5)
        guard.step(step)
    hello, scale = rank.sidecar.hello, guard.learning_rate_scale
    guard.close()
    return hello["processRank"], hello["worldSize"], hello["generation"], scale


def ended_by(rank: Rank, kind: str, **functions: Any) -> Tuple[Answers, Any]:
    """A command of a kind that the training loop carries out, on all ranks."""
    guard = rank.attach(agree_every=2, **functions)
    generations = [rank.sidecar.hello["generation"]]
    step, is_sent = 0, False
    while step < 9:
        if step == 2 and not is_sent:
            rank.sidecar.command("c1", kind, at=3, expires=8)
            is_sent = True
        rank.train(guard, step)
        step = guard._boundary.last_step + 1
    generations.append(rank.sidecar.hello["generation"])
    guard.close()
    told = answers(rank)
    return told, (generations[1] - generations[0], len(rank.warnings.texts))


def rewound(rank: Rank) -> Tuple[Answers, Any]:
    return ended_by(rank, "REWIND_AND_SKIP", on_rewind=lambda step, back, skip: step - 3)


def checkpointed(rank: Rank) -> Tuple[Answers, Any]:
    """Rank 1 has registered no function for it."""
    functions = {"on_checkpoint": lambda step: None} if rank.rank == 0 else {}
    return ended_by(rank, "SAVE_CHECKPOINT", **functions)


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

    def test_should_go_on_without_commands_when_a_rank_leaves(self) -> None:
        first, second, third = on_ranks(3, abandoned)
        self.assertEqual(second[0], [])
        for warnings, told, errors in (first, third):
            self.assertEqual((len(warnings), errors), (1, 0))
            self.assertIn("training goes on, but no command is applied", warnings[0])
            self.assertEqual([answer[0] for answer in told], ["REFUSED"])
            self.assertIn("cannot agree on a command any more", told[0][2])

    def test_should_notice_ranks_that_are_not_at_the_same_step(self) -> None:
        for warnings, scale in on_ranks(2, astray):
            self.assertEqual((len(warnings), scale), (1, 1.0))
            self.assertIn("not at the same step", warnings[0])

    def test_should_leave_the_groups_of_the_training_alone_when_one_rank_attaches_alone(self) -> None:
        (warnings, told), _ = on_ranks(2, lonely)
        self.assertIn("the ranks did not all attach", warnings[0])
        self.assertEqual([answer[0] for answer in told], ["REFUSED"])

    def test_should_refuse_to_attach_with_different_options(self) -> None:
        for error in on_ranks(2, disagreeing):
            self.assertEqual(error, "agree_every must be the same on all ranks: 2, 3")

    def test_should_agree_within_the_ranks_of_one_run_only(self) -> None:
        told = on_ranks(4, in_pairs)
        self.assertEqual([each[:2] for each in told], [(0, 2), (1, 2), (0, 2), (1, 2)])
        self.assertEqual([each[3] for each in told], [1.0, 1.0, 0.5, 0.5])
        self.assertEqual((told[0][2], told[2][2]), (told[1][2], told[3][2]), "one generation for all ranks of a run")

    def test_should_rewind_on_all_ranks_and_go_on_agreeing(self) -> None:
        for told, (generations, warnings) in on_ranks(2, rewound):
            self.assertEqual(told[0][:2], ("APPLIED", 4))
            self.assertEqual((generations, warnings), (1, 0))

    def test_should_call_no_function_that_one_rank_lacks(self) -> None:
        (first, _), (second, _) = on_ranks(2, checkpointed)
        self.assertEqual(first, [("ABANDONED", 4, "rank 1 could not do it, so nobody does")])
        self.assertIn("no function is registered", second[0][2])

    def test_should_not_write_into_an_exchange_that_is_under_way(self) -> None:
        group = mock.Mock()
        group.allreduce.return_value.is_completed.return_value = False
        ranks = ranks_module.Ranks(0, 2, None, group)
        ranks.begin(30, [7])
        with self.assertRaises(ranks_module.RanksLost):
            ranks.begin(60, [8])
        exchanged = group.allreduce.call_args[0][0][0]
        self.assertEqual(exchanged[:3].tolist(), [30, -30, 7])


if __name__ == "__main__":
    unittest.main()
