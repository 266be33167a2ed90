"""Every snippet of deploy/integrations.md is run: Python against the fake sidecar, shell through `sh -n` and shellcheck.

Libraries that cannot be imported are replaced by stand-ins of a few lines, whose calls are those that the libraries
document.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path
from typing import Any, Dict, List
from unittest import mock

import torch
from torch import nn

from hook_case import HookCase
from test_hook_mirrors import FakeRun, FakeWriter, has, wandb_rows

TEXT = Path(__file__).resolve().parents[4].joinpath("deploy", "integrations.md").read_text(encoding="utf-8")


def blocks(language: str) -> Dict[str, str]:
    """The blocks of one language, by the heading above them."""
    found: Dict[str, str] = {}
    for section in re.split(r"^## ", TEXT, flags=re.M)[1:]:
        for block in re.findall(r"^```%s\n(.*?)^```$" % language, section, flags=re.M | re.S):
            found[section.splitlines()[0]] = block
    return found


PYTHON = blocks("python")


def fake_lightning() -> Dict[str, Any]:
    pytorch = types.ModuleType("lightning.pytorch")
    pytorch.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
    pytorch.Trainer = Kept  # type: ignore[attr-defined]
    return {"lightning": types.ModuleType("lightning"), "lightning.pytorch": pytorch}


def fake_transformers() -> Dict[str, Any]:
    transformers = types.ModuleType("transformers")
    transformers.TrainerCallback = type("TrainerCallback", (), {})  # type: ignore[attr-defined]
    transformers.Trainer = transformers.TrainingArguments = Kept  # type: ignore[attr-defined]
    return {"transformers": transformers}


class Kept:
    """Takes what the snippet gives, as the trainers' constructors do."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given, self.named = given, named


class IntegrationsTest(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.model = Whole(self.model)
        environment = mock.patch.dict(os.environ, {"GUARD_SOCKET": self.sidecar.path})
        environment.start()
        self.addCleanup(environment.stop)

    def run_snippet(self, section: str) -> Dict[str, Any]:
        """Runs a section's snippet; the names that it leaves."""
        batches = [torch.ones(2, 4) for _ in range(3)]
        names = {"torch": torch, "model": self.model, "optimizer": self.optimizer, "batches": batches}
        names["loss_of"] = lambda batch: self.model(batch).square().mean()
        exec(compile(PYTHON[section], "deploy/integrations.md, " + section, "exec"), names)  # noqa: S102
        return names

    def assert_reported(self, steps: int) -> None:
        self.sidecar.await_message("BYE")
        self.assertEqual([each["step"] for each in self.sidecar.of("STEP")], list(range(steps)))
        self.assertEqual(self.sidecar.hello["run"], "my-run")

    def test_should_report_a_loop_of_ones_own(self) -> None:
        self.run_snippet("nanoGPT and other loops of one's own")
        self.assert_reported(3)

    def test_should_report_a_megatron_style_launch(self) -> None:
        self.run_snippet("Megatron-style launches")
        self.assert_reported(1)

    def test_should_hand_the_callback_to_lightning(self) -> None:
        with self.library("lightning", fake_lightning, "instability_guard.lightning_callback"):
            callbacks = self.run_snippet("Lightning")["trainer"]
        self.assert_callback(callbacks)

    def test_should_hand_the_callback_to_hugging_face(self) -> None:
        with self.library("transformers", fake_transformers, "instability_guard.transformers_callback"):
            trainer = self.run_snippet("Hugging Face Trainer")["trainer"]
        self.assert_callback(trainer)

    def test_should_mirror_in_tensorboard(self) -> None:
        fake = types.ModuleType("torch.utils.tensorboard")
        fake.SummaryWriter = FakeWriter  # type: ignore[attr-defined]
        replaced = {} if has("tensorboard") else {"torch.utils.tensorboard": fake}
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(sys.modules, replaced):
            before = os.getcwd()
            os.chdir(folder)
            try:
                writer = self.run_snippet("TensorBoard")["writer"]
                tags = [tag for tag, _, _ in writer.calls] if isinstance(writer, FakeWriter) else scalar_tags(writer)
            finally:
                os.chdir(before)
        self.assert_reported(1)
        self.assertIn("guard/loss", tags)

    def test_should_mirror_in_weights_and_biases(self) -> None:
        fake = types.ModuleType("wandb")
        fake.init = lambda project: FakeRun()  # type: ignore[attr-defined]
        replaced = {} if has("wandb") else {"wandb": fake}
        with mock.patch.dict(sys.modules, replaced):
            run = self.run_snippet("Weights & Biases")["run"]
            rows = run.rows if isinstance(run, FakeRun) else wandb_rows(run)
        self.assert_reported(1)
        self.assertGreaterEqual(set(rows[0]), {"guard/loss", "guard/step", "train/loss"})

    def test_should_report_under_fsdp(self) -> None:
        try:
            from torch.distributed.fsdp import fully_shard  # noqa: F401
        except ImportError:
            self.skipTest("this torch has no fully_shard")
        meeting = "file://" + os.path.join(self.sidecar.folder, "meeting")
        torch.distributed.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
        self.addCleanup(torch.distributed.destroy_process_group)
        self.run_snippet("FSDP")
        self.assert_reported(3)

    def library(self, name: str, fake: Any, ours: str) -> Any:
        """The library itself where it can be imported, else its stand-in; our module is imported anew with it."""
        sys.modules.pop(ours, None)
        self.addCleanup(sys.modules.pop, ours, None)
        return mock.patch.dict(sys.modules, {} if has(name) else fake())

    def assert_callback(self, trainer: Any) -> None:
        given: List[Any] = trainer.named["callbacks"] if isinstance(trainer, Kept) else trainer_callbacks(trainer)
        self.assertIn("InstabilityGuardCallback", [type(each).__name__ for each in given])

    def test_should_hold_no_snippet_that_is_not_run(self) -> None:
        run = set(re.findall(r'run_snippet\("([^"]+)"\)', Path(__file__).read_text(encoding="utf-8")))
        self.assertEqual(set(PYTHON), run)


class ShellTest(unittest.TestCase):
    def test_should_be_shell(self) -> None:
        self.assertGreaterEqual(len(blocks("sh")), 4)
        for section, block in blocks("sh").items():
            with self.subTest(section):
                subprocess.run(["sh", "-n"], input=block.encode(), check=True)
                if shutil.which("shellcheck"):
                    subprocess.run(["shellcheck", "--shell=sh", "-"], input=block.encode(), check=True)


class Whole(nn.Module):
    """The small model with a forward pass, which sharded modules need."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(model.blocks[0])])

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.blocks[0](batch)


class Block(nn.Module):
    """One block of it."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.q_proj, self.fc1 = block.q_proj, block.fc1

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.fc1(self.q_proj(batch))


def scalar_tags(writer: Any) -> List[str]:
    """What a real writer has written, once it is closed."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    writer.close()
    return list(EventAccumulator(writer.log_dir).Reload().Tags()["scalars"])


def trainer_callbacks(trainer: Any) -> List[Any]:
    """The callbacks of a real trainer of either library."""
    return trainer.callbacks if hasattr(trainer, "callbacks") else trainer.callback_handler.callbacks


if __name__ == "__main__":
    unittest.main()
