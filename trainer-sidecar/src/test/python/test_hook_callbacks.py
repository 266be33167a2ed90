"""The callbacks of Hugging Face and Lightning trainers.

Each is tested twice: always against a stand-in of a few lines, written here after the documented order of events; and
against the real library where it can be imported.
"""

import importlib
import importlib.util
import math
import sys
import types
import unittest
from typing import Any, Dict, List
from unittest import mock

import torch
from torch import nn

from fake_sidecar import Message
from hook_case import MSIGN, HookCase

ACCUMULATED = 2
BATCHES = 5
STEPS = 3


class Net(nn.Module):
    """Returns what a Hugging Face trainer expects: the loss among the outputs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.fc1, self.fc2 = nn.Linear(4, 8, bias=False), nn.Linear(8, 4, bias=False)

    def forward(self, features: torch.Tensor) -> Dict[str, torch.Tensor]:
        return {"loss": self.fc2(torch.tanh(self.fc1(features))).square().mean()}


def batches() -> List[torch.Tensor]:
    return list(torch.randn(BATCHES, 1, 4, generator=torch.Generator().manual_seed(8)))


class CallbackCase(HookCase):
    """Three optimizer steps of two batches each, the last one of a single batch; a command is applied at the second."""

    module = ""

    def setUp(self) -> None:
        super().setUp()
        self.sidecar.replace = lambda weight: weight.flip(0)
        self.model = Net()
        self.fc1: List[torch.Tensor] = []

    def callback(self) -> Any:
        """Imported anew, so that it takes the library of this test; its guard waits for the sidecar and its command."""
        sys.modules.pop(self.module, None)
        self.addCleanup(sys.modules.pop, self.module, None)
        make = importlib.import_module(self.module).InstabilityGuardCallback
        return make(run_id="run-1", socket=self.sidecar.path, sample_every=1, command_timeout=20.0)

    def command(self) -> None:
        """Orders a repair at the second step."""
        self.sidecar.await_message("HELLO")
        name = next(m["name"] for m in self.sidecar.hello["matrices"] if m["name"].endswith("fc1.weight"))
        self.sidecar.command("c1", MSIGN, at=1, layers=[name])

    def observe(self, optimizer: torch.optim.Optimizer, net: nn.Module) -> None:
        """Notes what each step does to a weight, around whatever the callback is told."""
        optimizer.register_step_post_hook(lambda *told: self.fc1.append(net.fc1.weight.detach().clone()))

    def assert_reported(self) -> List[Message]:
        """Every step once, with its scalars; the repair stood when the third step began; the guard said goodbye."""
        told = [self.sidecar.await_message("STEP", count) for count in range(1, STEPS + 1)]
        self.sidecar.await_message("BYE")
        self.assertEqual([each["step"] for each in self.sidecar.of("STEP")], list(range(STEPS)))
        self.assertTrue(all(math.isfinite(each["gradientNorm"]) for each in told), told)
        self.assertEqual(self.sidecar.await_message("APPLIED")["step"], 1)
        moved = (self.fc1[2] - self.fc1[1].flip(0)).abs().max()
        self.assertLess(moved, 0.1 * (self.fc1[2] - self.fc1[1]).abs().max(), "the repair stood at the next step")
        return told


class FakeTransformersTrainer:
    """Drives a `TrainerCallback` in the order of the library's documentation, and logs every step."""

    def train(self, model: nn.Module, optimizer: torch.optim.Optimizer, callback: Any) -> None:
        args = types.SimpleNamespace(logging_steps=1, logging_strategy="steps")
        state = types.SimpleNamespace(global_step=0)
        control = types.SimpleNamespace(should_log=True)
        event = dict(model=model, optimizer=optimizer, lr_scheduler=None)
        callback.on_train_begin(args, state, control, **event)
        rest = batches()
        while rest:
            now, rest = rest[:ACCUMULATED], rest[ACCUMULATED:]
            callback.on_step_begin(args, state, control, **event)
            loss = sum(model(batch)["loss"] for batch in now) / len(now)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1e9)
            optimizer.step()
            optimizer.zero_grad()
            state.global_step += 1
            callback.on_step_end(args, state, control, **event)
            callback.on_log(args, state, control, logs={"loss": loss.item(), "grad_norm": norm.item()}, **event)
        callback.on_log(args, state, control, logs={"train_loss": 1.0}, **event)
        callback.on_train_end(args, state, control, **event)


class TransformersCallbackTest(CallbackCase):
    module = "instability_guard.transformers_callback"

    def test_should_report_and_repair_under_a_stand_in_of_the_trainer(self) -> None:
        fake = types.ModuleType("transformers")
        fake.TrainerCallback = type("TrainerCallback", (), {})  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"transformers": fake}):
            callback = self.callback()
            self.command_when_attached(callback)
            optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3)
            self.observe(optimizer, self.model)
            FakeTransformersTrainer().train(self.model, optimizer, callback)
        self.assertTrue(all(math.isfinite(each["loss"]) for each in self.assert_reported()))

    def test_should_report_no_loss_where_not_every_step_is_logged(self) -> None:
        told = self.logged_at_the_second_of_two(logging_steps=2)
        self.assertTrue(all(math.isnan(each["loss"]) for each in told))
        self.assertIn("set logging_steps=1", "\n".join(self.warnings.texts))

    def test_should_report_a_step_that_was_to_be_logged_in_vain(self) -> None:
        told = self.logged_at_the_second_of_two(logging_steps=1)
        self.assertEqual([math.isnan(each["loss"]) for each in told], [True, False])

    def logged_at_the_second_of_two(self, logging_steps: int) -> List[Message]:
        """What is told of two steps, of which only the second is logged."""
        fake = types.ModuleType("transformers")
        fake.TrainerCallback = type("TrainerCallback", (), {})  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"transformers": fake}):
            callback = self.callback()
        optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3)
        state, control = types.SimpleNamespace(global_step=0), types.SimpleNamespace(should_log=True)
        args = types.SimpleNamespace(logging_steps=logging_steps, logging_strategy="steps")
        callback.on_train_begin(args, state, control, model=self.model, optimizer=optimizer)
        self.sidecar.await_message("HELLO")
        for step in (1, 2):
            callback.on_step_begin(args, state, control)
            state.global_step = step
            callback.on_step_end(args, state, control)
        callback.on_log(args, state, control, logs={"loss": 1.0})
        callback.on_train_end(args, state, control)
        self.sidecar.await_message("BYE")
        self.assertEqual([each["step"] for each in self.sidecar.of("STEP")], [0, 1])
        return self.sidecar.of("STEP")

    @unittest.skipUnless(importlib.util.find_spec("transformers"), "transformers cannot be imported")
    def test_should_report_and_repair_under_the_real_trainer(self) -> None:
        from transformers import Trainer, TrainingArguments

        callback = self.callback()
        self.command_when_attached(callback)
        optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3)
        self.observe(optimizer, self.model)
        arguments = TrainingArguments(
            output_dir=self.sidecar.folder,
            num_train_epochs=1,
            per_device_train_batch_size=1,
            gradient_accumulation_steps=ACCUMULATED,
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            lr_scheduler_type="constant",
            seed=1,
        )
        data = [{"features": batch[0]} for batch in batches()]
        Trainer(self.model, arguments, train_dataset=data, optimizers=(optimizer, None), callbacks=[callback]).train()
        self.assertTrue(all(0.0 < each["loss"] < 10.0 for each in self.assert_reported()))

    def test_should_say_which_library_is_missing(self) -> None:
        with mock.patch.dict(sys.modules, {"transformers": None}):
            with self.assertRaisesRegex(ImportError, "needs Hugging Face transformers: pip install transformers"):
                self.callback()

    def command_when_attached(self, callback: Any) -> None:
        attach = callback.on_train_begin

        def attach_and_command(*arguments: Any, **keywords: Any) -> None:
            attach(*arguments, **keywords)
            self.command()

        callback.on_train_begin = attach_and_command


class FakeLightningTrainer:
    """Drives a `Callback` in the order of the library's documentation; the loss of a batch comes divided."""

    accumulate_grad_batches = ACCUMULATED

    def __init__(self) -> None:
        self.global_step = 0
        self.optimizers: List[torch.optim.Optimizer] = []

    def fit(self, model: nn.Module, optimizer: torch.optim.Optimizer, callback: Any) -> None:
        self.optimizers = [optimizer]
        callback.on_train_start(self, model)
        for index, batch in enumerate(batches()):
            loss = model(batch)["loss"] / ACCUMULATED
            loss.backward()
            if (index + 1) % ACCUMULATED == 0 or index + 1 == BATCHES:
                callback.on_before_optimizer_step(self, model, optimizer)
                optimizer.step()
                optimizer.zero_grad()
                self.global_step += 1
            callback.on_train_batch_end(self, model, {"loss": loss.detach()}, batch, index)
        callback.on_train_end(self, model)


class LightningCallbackTest(CallbackCase):
    module = "instability_guard.lightning_callback"

    def expected_loss(self) -> float:
        """Mean over the batches of the first step, which begins with the weights as they are."""
        return torch.stack([self.model(batch)["loss"] for batch in batches()[:ACCUMULATED]]).mean().item()

    def command_when_attached(self, callback: Any) -> None:
        attach = callback.on_train_start

        def attach_and_command(*arguments: Any) -> None:
            attach(*arguments)
            self.command()

        callback.on_train_start = attach_and_command

    def test_should_report_and_repair_under_a_stand_in_of_the_trainer(self) -> None:
        fake = types.ModuleType("lightning.pytorch")
        fake.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"lightning": types.ModuleType("lightning"), "lightning.pytorch": fake}):
            callback = self.callback()
        self.command_when_attached(callback)
        optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3)
        self.observe(optimizer, self.model)
        expected = self.expected_loss()
        FakeLightningTrainer().fit(self.model, optimizer, callback)
        self.assertAlmostEqual(self.assert_reported()[0]["loss"], expected, places=6)

    @unittest.skipUnless(importlib.util.find_spec("lightning"), "lightning cannot be imported")
    def test_should_report_and_repair_under_the_real_trainer(self) -> None:
        from lightning.pytorch import LightningModule, Trainer

        case, net = self, self.model

        class Module(LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.net = net

            def training_step(self, batch: Any, index: int) -> torch.Tensor:
                return self.net(batch)["loss"]

            def configure_optimizers(self) -> Any:
                optimizer = torch.optim.SGD(self.parameters(), lr=1e-3)
                case.observe(optimizer, net)
                return optimizer

        callback = self.callback()
        self.command_when_attached(callback)
        expected = self.expected_loss()
        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        trainer = Trainer(
            accelerator="cpu", max_epochs=1, accumulate_grad_batches=ACCUMULATED, callbacks=[callback], **quiet
        )
        data = torch.utils.data.DataLoader([batch[0] for batch in batches()], batch_size=1)
        trainer.fit(Module(), data)
        self.assertAlmostEqual(self.assert_reported()[0]["loss"], expected, places=6)

    def test_should_close_when_training_fails(self) -> None:
        fake = types.ModuleType("lightning.pytorch")
        fake.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"lightning": types.ModuleType("lightning"), "lightning.pytorch": fake}):
            callback = self.callback()
        trainer = FakeLightningTrainer()
        trainer.optimizers = [torch.optim.SGD(self.model.parameters(), lr=1e-3)]
        callback.on_train_start(trainer, self.model)
        self.sidecar.await_message("HELLO")
        callback.on_exception(trainer, self.model, KeyboardInterrupt())
        self.sidecar.await_message("BYE")
        self.assertIsNone(callback.guard)

    def test_should_say_which_library_is_missing(self) -> None:
        missing = dict.fromkeys(("lightning", "lightning.pytorch", "pytorch_lightning"))
        with mock.patch.dict(sys.modules, missing):
            with self.assertRaisesRegex(ImportError, "needs PyTorch Lightning: pip install lightning"):
                self.callback()


if __name__ == "__main__":
    unittest.main()
