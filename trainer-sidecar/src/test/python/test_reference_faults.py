"""Injected faults act when and where they say, and a rewound run comes back from one."""

import math
import sys
import unittest
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "main" / "python"))

import torch

from reference_case import ReferenceCase, tiny
from reference_trainer.checkpoints import Checkpoints
from reference_trainer.faults import ExplodingHead, GarbageTargets, NanLoss, NanWeight, RankOneDrift, RoundedWeights
from reference_trainer.recall import KEYS, QUERIES, UNSCORED, RecallBatches
from reference_trainer.rivals.method import Method
from reference_trainer.scenarios import SCENARIOS
from reference_trainer.train import PATIENCE_STEPS, Trainer


class Rewinding(Method):
    """Rewinds once, as soon as the loss is not finite."""

    def __init__(self, trainer):
        self.checkpoints = Checkpoints(trainer)
        self.resumed = None

    def after_update(self, step, loss, gradient_norm, max_attention_logit):
        self.checkpoints.after_step(step)
        if not math.isfinite(loss) and self.resumed is None:
            self.resumed = self.checkpoints.rewind(step, 3, 2)


@dataclass(frozen=True)
class CountedGarbage(GarbageTargets):
    batches: list = field(default_factory=list)

    def targets(self, targets):
        self.batches.append(targets)
        return super().targets(targets)


class FaultsTest(ReferenceCase):
    def trainer(self, fault, name="S-stable"):
        return Trainer(tiny(name, fault=fault), 1, self.text)

    def losses(self, fault, steps=6):
        return [record.loss for record in self.trainer(fault).run(Method(), steps)]

    def test_should_change_nothing_before_its_first_step(self):
        healthy = self.losses(SCENARIOS["S-stable"].fault)
        for fault in (GarbageTargets(3, 2), RankOneDrift(2, 2), ExplodingHead(2, 2, factor=9.0), RoundedWeights(2, 9)):
            with self.subTest(type(fault).__name__):
                losses = self.losses(fault)
                self.assertEqual(losses[:3], healthy[:3])
                self.assertNotEqual(losses[3:], healthy[3:])

    def test_should_drift_to_rank_one(self):
        model = self.trainer(RankOneDrift()).model
        weight = model.blocks[0].mlp.up.weight
        before = torch.linalg.svdvals(weight.detach())
        for _ in range(100):
            RankOneDrift().after_update(model)
        after = torch.linalg.svdvals(weight.detach())
        self.assertAlmostEqual((after[0] / before[0]).item() / 1.1**100, 1.0, places=3)
        self.assertTrue(torch.allclose(after[1:], before[1:], rtol=0.05))

    def test_should_explode_one_head_only(self):
        model = self.trainer(ExplodingHead()).model
        before = model.blocks[0].attention.query.weight.detach().clone()
        ExplodingHead(head=1, factor=2.0).after_update(model)
        ratio = model.blocks[0].attention.query.weight / before
        self.assertTrue((ratio[:16] == 1.0).all() and (ratio[16:] == 2.0).all())

    def test_should_keep_bfloat16_weights(self):
        model = self.trainer(RoundedWeights()).model
        RoundedWeights().after_update(model)
        self.assertTrue(all(torch.equal(each, each.bfloat16().float()) for each in model.parameters()))

    def test_should_report_one_loss_as_nan_and_train_on(self):
        losses = self.losses(NanLoss(2, 1))
        self.assertTrue(math.isnan(losses[2]))
        self.assertEqual(losses[3:], self.losses(SCENARIOS["S-stable"].fault)[3:])

    def test_should_give_up_a_run_of_nan_after_some_patience(self):
        self.assertEqual(len(self.losses(NanWeight(1, 1), 200)), 2 + PATIENCE_STEPS)

    def test_should_come_back_from_a_nan_weight_by_rewinding(self):
        trainer = self.trainer(NanWeight(40, 1))
        method = Rewinding(trainer)
        records = list(trainer.run(method, 60))
        self.assertEqual(method.resumed, 24)
        self.assertEqual([record.step for record in records], [*range(42), *range(25, 60)])
        self.assertTrue(all(record.is_finite for record in records[42:]))

    def test_should_repeat_a_rewound_run_exactly_on_the_same_batches(self):
        trainer = self.trainer(SCENARIOS["S-stable"].fault)
        checkpoints = Checkpoints(trainer)
        list(trainer.run(Method(), 5))
        checkpoints.save(4)
        batches = [next(trainer._batches) for _ in range(3)]
        trainer._batches = iter(batches + batches)
        first = list(trainer.run(Method(), 8))
        self.assertEqual(checkpoints.rewind(7, 2, 0), 4)
        self.assertEqual(list(trainer.run(Method(), 8)), first)

    def test_should_leave_bad_data_out_where_its_batches_are_skipped(self):
        for skipped, bad_batches in ((10, 2), (1, 4)):
            with self.subTest(skipped):
                fault = CountedGarbage(40, 5)
                trainer = self.trainer(fault)
                checkpoints = Checkpoints(trainer)
                for update, record in enumerate(trainer.run(Method(), 60)):
                    checkpoints.after_step(record.step)
                    if update == 41:
                        checkpoints.rewind(record.step, 3, skipped)
                self.assertEqual(len(fault.batches), bad_batches)

    def test_should_say_when_no_checkpoint_is_old_enough(self):
        with self.assertRaisesRegex(LookupError, "no checkpoint is 5 steps old at step 3: one comes every 25"):
            Checkpoints(self.trainer(NanWeight())).rewind(3, 5, 0)


class RecallTest(unittest.TestCase):
    def test_should_ask_for_the_values_of_the_pairs_shown(self):
        inputs, targets = next(iter(RecallBatches(20, 1)))
        self.assertTrue((targets[:, :-QUERIES] == UNSCORED).all())
        for sequence, target in zip(inputs.tolist(), targets.tolist()):
            values = dict(zip(sequence[:16:2], sequence[1:16:2]))
            self.assertEqual(sorted(values), sorted(sequence[16:]))
            self.assertEqual([values[key] for key in sequence[16:]], target[16:])
            self.assertTrue(max(values) < KEYS <= min(values.values()))

    def test_should_measure_chance_before_training(self):
        self.assertAlmostEqual(Trainer(SCENARIOS["recall-1e-2"], 1).accuracy(), 1 / 16, delta=0.04)
        self.assertIsNone(Trainer(tiny("S"), 1).accuracy())


if __name__ == "__main__":
    unittest.main()
