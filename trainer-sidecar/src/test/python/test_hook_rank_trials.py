"""Many seeded runs in which the sidecar of one rank is dead, late or paused: no exception, no replica on its own."""

import random
import unittest
from typing import Any, List, NamedTuple, Tuple

from fake_sidecar import die, silent
from hook_case import MSIGN, SCALE
from rank_case import LAYERS, Rank, on_ranks

STEPS = 9
TRIALS = {2: range(60), 4: range(60, 100)}


class Trial(NamedTuple):
    """What happens, to which rank, at which step, while a command of this kind is under way."""

    kind: str
    trouble: str
    victim: int
    step: int
    layers: Tuple[str, ...]


def drawn(seed: int, size: int) -> Trial:
    draw = random.Random(seed)
    trouble = draw.choice(["dead", "dead", "late", "paused", "paused at a sample", "dies at work"])
    layers = tuple(sorted(draw.sample(LAYERS, draw.randint(1, len(LAYERS)))))
    return Trial(draw.choice([MSIGN, SCALE]), trouble, draw.randrange(size), draw.randrange(STEPS), layers)


class Told(NamedTuple):
    """What one rank saw of a trial."""

    weights: List[Any]
    scale: float
    applied: int
    refused: List[str]
    errors: int


def trials(rank: Rank, seeds: List[int]) -> List[Told]:
    return [tried(rank, drawn(seed, rank.size), seed) for seed in seeds]


def tried(rank: Rank, trial: Trial, seed: int) -> Told:
    rank.restart_sidecar()
    rank.renew(seed)
    is_victim = rank.rank == trial.victim
    if is_victim:
        trouble = {"paused": ("APPLY", silent), "dies at work": ("APPLY", die), "paused at a sample": ("STEP", silent)}
        rank.sidecar.on.update([trouble[trial.trouble]] if trial.trouble in trouble else [])
    heard_at = trial.step if is_victim and trial.trouble == "late" else 0
    guard = rank.attach(command_timeout=0.2, sample_every=3 if seed % 2 else 100)
    for step in range(STEPS):
        if is_victim and trial.trouble == "dead" and step == trial.step:
            rank.sidecar.stop()
        elif step == heard_at:
            layers, parameters = (trial.layers, {}) if trial.kind == MSIGN else ((), {"factor": 0.5})
            rank.sidecar.command("c1", trial.kind, at=2, expires=7, layers=layers, **parameters)
        rank.train(guard, step)
    counts, scale = guard.statistics, guard.learning_rate_scale
    guard.close()
    if not is_victim:
        rank.sidecar.await_message("BYE")
    weights = [weight.tolist() for weight in rank.weights().values()]
    refused = [message["reason"] for message in rank.sidecar.received if message["type"] == "NOT_APPLIED"]
    return Told(weights, scale, counts["commandsApplied"], refused, counts["errors"])


class TrialsTest(unittest.TestCase):
    def test_should_never_let_a_rank_act_alone(self) -> None:
        outcomes = []
        for size, seeds in TRIALS.items():
            by_rank = on_ranks(size, trials, list(seeds))
            for seed, told in zip(seeds, zip(*by_rank)):
                with self.subTest(trial=drawn(seed, size), ranks=size):
                    self.assertEqual([each.errors for each in told], [0] * size)
                    self.assertEqual(len({each.applied for each in told}), 1, "all, or none")
                    for each in told[1:]:
                        self.assertEqual((each.weights, each.scale), (told[0].weights, told[0].scale))
                    witnesses = [each for rank, each in enumerate(told) if rank != drawn(seed, size).victim]
                    self.assertTrue(all(len(each.refused) == 1 - each.applied for each in witnesses), "and said why")
                outcomes.append(told[0].applied)
        self.assertEqual(len(outcomes), 100)
        self.assertGreater(sum(outcomes), 20, "some came through")
        self.assertLess(sum(outcomes), 80, "and some did not")


if __name__ == "__main__":
    unittest.main()
