"""The reference trainer: reproducible, and its signals mean what they say."""

import contextlib
import io
import json
import math
import sys
import tempfile
import types
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[2] / "main" / "python"))

import torch

from reference_case import TEXT, ReferenceCase
from reference_trainer.__main__ import main, options_of, parse, unique_run_id
from reference_trainer.data import ALPHABET, Batches, TextError, encode, read_corpus
from reference_trainer.faults import NanLoss
from reference_trainer.model import CharacterGpt
from reference_trainer.rivals import Method
from reference_trainer.scenarios import SCENARIOS
from reference_trainer.train import Trainer


class ReferenceTrainerTest(ReferenceCase):
    def records(self, scenario="S", seed=1, steps=6):
        trainer = Trainer(SCENARIOS[scenario], seed, self.text)
        return list(trainer.run(Method(), steps))

    def test_should_repeat_a_run_exactly_for_the_same_seed(self):
        self.assertEqual(self.records(), self.records())

    def test_should_differ_between_seeds(self):
        self.assertNotEqual(self.records(seed=1), self.records(seed=2))

    def test_should_warm_up_linearly_and_then_stay(self):
        scenario = SCENARIOS["S"]
        self.assertAlmostEqual(scenario.warm_up(0), 1 / 150)
        self.assertEqual(scenario.warm_up(149), 1.0)
        self.assertEqual(scenario.warm_up(399), 1.0)

    def test_should_train_attention_faster_in_the_collapse_scenario(self):
        rates = [group["lr"] for group in Trainer(SCENARIOS["CS"], 1, self.text).optimizer.param_groups]
        self.assertAlmostEqual(rates[1], 10 * rates[0])

    def test_should_learn(self):
        records = self.records("CS-reference", steps=60)
        self.assertLess(records[-1].loss, records[0].loss - 0.5)

    def test_should_stop_at_the_first_step_that_is_not_finite(self):
        trainer = Trainer(SCENARIOS["S"], 1, self.text)
        with torch.no_grad():
            trainer.model.unembedding.weight[0, 0] = math.nan
        self.assertEqual(len(list(trainer.run(Method(), 5))), 1)

    def test_should_report_the_largest_attention_logit_that_is_not_masked(self):
        model = CharacterGpt(len(ALPHABET), layers=1, width=8, heads=2, context=6, norm="none")
        inputs = torch.randint(0, len(ALPHABET), (3, 6), generator=torch.Generator().manual_seed(1))
        model(inputs)
        self.assertAlmostEqual(model.max_attention_logit.item(), self.largest_logit(model, inputs), delta=1e-9)

    @staticmethod
    def largest_logit(model, inputs):
        hidden = model.symbol_embedding(inputs) + model.position_embedding.weight[:6]
        attention = model.blocks[0].attention
        query, key = (layer(hidden).view(3, 6, 2, 4) for layer in (attention.query, attention.key))
        return max(
            abs(torch.dot(query[b, i, h], key[b, j, h]).item()) / 2.0
            for b in range(3)
            for h in range(2)
            for i in range(6)
            for j in range(i + 1)
        )

    def test_should_see_the_past_only(self):
        model = CharacterGpt(len(ALPHABET), layers=2, width=8, heads=2, context=6, norm="pre")
        inputs = torch.zeros(1, 6, dtype=torch.int64)
        changed = inputs.clone()
        changed[0, 5] = 7
        self.assertTrue(torch.equal(model(inputs)[0, :5], model(changed)[0, :5]))


class DataTest(unittest.TestCase):
    def test_should_know_97_symbols_and_drop_the_others(self):
        self.assertEqual(len(set(ALPHABET)), 97)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text.txt"
            path.write_text("naïve\r\ncafé", encoding="utf-8")
            self.assertEqual(read_corpus(path), "nave\ncaf")

    def test_should_number_symbols_in_alphabet_order(self):
        self.assertEqual(encode(ALPHABET).tolist(), list(range(97)))

    def test_should_say_how_many_characters_are_there_and_how_many_are_needed(self):
        with self.assertRaisesRegex(TextError, "has 32 usable characters; at least 33 are needed"):
            Batches(encode("x" * 32), batch=2, context=32, seed=1)

    def test_should_accept_the_shortest_text_that_is_long_enough(self):
        inputs, targets = next(iter(Batches(encode("x" * 32 + "y"), batch=2, context=32, seed=1)))
        self.assertEqual((inputs.shape, targets.shape), ((2, 32), (2, 32)))

    def test_should_give_targets_one_character_ahead(self):
        inputs, targets = next(iter(Batches(encode(TEXT), batch=4, context=16, seed=1)))
        self.assertTrue(torch.equal(inputs[:, 1:], targets[:, :-1]))

    def test_should_find_about_three_million_characters_on_this_machine(self):
        self.assertGreater(len(read_corpus()), 2_000_000)


class CommandLineTest(unittest.TestCase):
    def run_main(self, *arguments):
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main(arguments)
        return code, [json.loads(line) for line in output.getvalue().splitlines()], errors.getvalue()

    def test_should_print_a_line_per_step_and_a_result(self):
        code, lines, _ = self.run_main("--scenario", "S", "--seed", "3", "--steps", "4", "--every", "2")
        self.assertEqual(code, 0)
        self.assertEqual([line["step"] for line in lines[:-1]], [0, 2])
        self.assertEqual(set(lines[0]), {"step", "loss", "gradientNorm", "learningRate", "maxAttentionLogit"})
        self.assertEqual(lines[-1]["result"]["steps"], 4)
        self.assertFalse(lines[-1]["result"]["diverged"])

    def test_should_end_at_the_loss_that_settles_the_label_if_told_so(self):
        with mock.patch("reference_trainer.outcome.ABSURD_LOSS", 1.0):
            arguments = ("--scenario", "S", "--steps", "4")
            whole, cut = (self.run_main(*arguments, *more)[1][-1]["result"] for more in ((), ("--until-lost",)))
        self.assertEqual((whole["steps"], cut["steps"]), (4, 1))
        self.assertEqual((whole["divergedAtStep"], cut["divergedAtStep"]), (0, 0))

    def test_should_go_on_after_a_loss_that_the_fault_itself_made_unusable(self):
        harmless = replace(SCENARIOS["nan-loss"], fault=NanLoss(1, 1))
        with mock.patch.dict(SCENARIOS, {"nan-loss": harmless}):
            _, lines, _ = self.run_main("--scenario", "nan-loss", "--steps", "4", "--until-lost")
        self.assertEqual(lines[-1]["result"]["steps"], 4)
        self.assertFalse(lines[-1]["result"]["diverged"])

    def test_should_train_several_seeds_one_after_another_like_each_alone(self):
        arguments = ("--scenario", "S", "--steps", "2", "--every", "100")
        code, lines, _ = self.run_main(*arguments, "--seeds", "3-4")
        self.assertEqual(code, 0)
        results = [line["result"] for line in lines if "result" in line]
        self.assertEqual([result["seed"] for result in results], [3, 4])
        for result in results:
            _, alone, _ = self.run_main(*arguments, "--seed", str(result["seed"]))
            self.assertEqual(result["finalLoss"], alone[-1]["result"]["finalLoss"])

    def test_should_name_each_of_several_runs_after_its_seed(self):
        options = parse(["--scenario", "S", "--seeds", "3-4", "--run-id", "many"])
        self.assertEqual([options_of(options, seed).run_id for seed in options.seeds], ["many-3", "many-4"])

    def test_should_refuse_seeds_that_are_not_a_range(self):
        for text in ("4-3", "1-", "-1-2", "a-b", "1"):
            errors = io.StringIO()
            with self.subTest(text), contextlib.redirect_stderr(errors), self.assertRaises(SystemExit):
                parse(["--scenario", "S", f"--seeds={text}"])
            self.assertIn("must be A-B", errors.getvalue())

    def test_should_halve_the_learning_rate_of_the_control(self):
        _, plain, _ = self.run_main("--scenario", "S", "--steps", "1")
        _, control, _ = self.run_main("--scenario", "S", "--steps", "1", "--method", "half-lr")
        self.assertAlmostEqual(control[0]["learningRate"], plain[0]["learningRate"] / 2)

    def test_should_fail_with_one_line_when_the_text_is_too_short(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "short.txt"
            path.write_text("short")
            code, lines, errors = self.run_main("--scenario", "S", "--text", str(path))
        self.assertEqual((code, lines), (2, []))
        self.assertEqual(errors.count("\n"), 1)
        self.assertIn("5 usable characters", errors)

    def test_should_fail_with_one_line_when_the_text_is_missing(self):
        code, _, errors = self.run_main("--scenario", "S", "--text", "/nowhere/text.txt")
        self.assertEqual((code, errors.count("\n")), (2, 1))

    def test_should_name_runs_after_what_they_are(self):
        options = parse(["--scenario", "CS", "--seed", "4"])
        self.assertRegex(unique_run_id(options), r"^cs-4-\d+-\d+$")


class GuardedTest(unittest.TestCase):
    def setUp(self):
        self.calls = []
        fake = types.ModuleType("instability_guard")
        fake.InstabilityGuard = types.SimpleNamespace(attach=self.attach)
        sys.modules["instability_guard"] = fake
        self.addCleanup(sys.modules.pop, "instability_guard")

    def attach(self, model, optimizer, on_checkpoint, on_rewind, **settings):
        self.calls.append(("attach", settings))
        return types.SimpleNamespace(
            regularization=lambda: self.calls.append(("regularization",)) or torch.zeros(()),
            step=lambda step, **signals: self.calls.append(("step", step, set(signals))),
            close=lambda: self.calls.append(("close",)),
        )

    def test_should_report_every_step_to_the_guard_and_close_it(self):
        with contextlib.redirect_stdout(io.StringIO()):
            main(["--scenario", "S", "--steps", "2", "--method", "guard", "--run-id", "r1", "--lockstep", "1"])
        signals = {"loss", "gradient_norm", "max_attention_logit"}
        self.assertEqual(
            self.calls,
            [
                ("attach", {"run_id": "r1", "lockstep": 1}),
                ("regularization",),
                ("step", 0, signals),
                ("regularization",),
                ("step", 1, signals),
                ("close",),
            ],
        )


if __name__ == "__main__":
    unittest.main()
