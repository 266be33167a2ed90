"""Mirrors of the guard's scalars and events in TensorBoard and Weights & Biases.

Tested with the real libraries where they can be imported, Weights & Biases offline; and always with fakes that record
the calls that the libraries document.
"""

import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple
from unittest import mock

from instability_guard.mirrors import Mirror, TensorBoardMirror, WandbMirror

from hook_case import LAYERS, MSIGN, SCALE, HookCase


def has(library: str) -> bool:
    """Whether it can be imported; a folder of its name, as Weights & Biases leaves where it ran, is no library."""
    spec = importlib.util.find_spec(library)
    return spec is not None and spec.origin is not None


# Weights & Biases reads its environment once per process: no test of this process asks the network.
WANDB_FOLDER = tempfile.TemporaryDirectory()
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=WANDB_FOLDER.name)


def wandb_rows(run: Any) -> List[Dict[str, Any]]:
    """Ends an offline run of Weights & Biases; its rows, without the library's own columns."""
    from wandb.proto import wandb_internal_pb2

    run.finish()
    (file,) = Path(run.dir).parent.glob("run-*.wandb")
    rows = []
    for content in _logged(file.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(content)
        if record.WhichOneof("record_type") == "history":
            items = {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
            rows.append({key: value for key, value in items.items() if not key.startswith("_")})
    return rows


def _logged(data: bytes) -> Iterator[bytes]:
    """The records of LevelDB's log format behind a header of 7 bytes: blocks of 32 KiB, records whole or in parts."""
    block, header, at, whole = 32768, 7, 7, b""
    while at + header <= len(data):
        if block - at % block < header:
            at += block - at % block
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + header : at + header + length]
        at += header + length
        if kind in (1, 4):  # whole, or its last part
            yield whole
            whole = b""


class Recorded(Mirror):
    """Keeps what it is shown."""

    def __init__(self, every: int = 1) -> None:
        super().__init__(every)
        self.seen: List[Tuple[int, Dict[str, float]]] = []
        self.events: List[Tuple[int, str]] = []

    def scalars(self, step: int, values: Dict[str, float]) -> None:
        self.seen.append((step, values))

    def event(self, step: int, text: str) -> None:
        self.events.append((step, text))


class Broken(Mirror):
    """A tool that is out of order."""

    tries = 0

    def scalars(self, step: int, values: Dict[str, float]) -> None:
        self.tries += 1
        raise ConnectionError("no answer")


class FakeWriter:
    """`SummaryWriter`, as far as a mirror uses it."""

    def __init__(self, log_dir: Any = None) -> None:
        self.log_dir = log_dir
        self.calls: List[Any] = []

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        self.calls.append((tag, scalar_value, global_step))

    def add_text(self, tag: str, text_string: str, global_step: int) -> None:
        self.calls.append((tag, text_string, global_step))


class FakeRun:
    """`wandb.Run`: rows end where a log commits."""

    def __init__(self) -> None:
        self.rows: List[Dict[str, Any]] = [{}]

    def log(self, data: Dict[str, Any], step: Any = None, commit: Any = None) -> None:
        self.rows[-1].update(data)
        if commit is not False:
            self.rows.append({})


class MirrorTest(HookCase):
    def test_should_show_scalars_at_their_steps(self) -> None:
        mirror = Recorded(every=2)
        guard = self.attach(mirror=mirror)
        for step in range(4):
            self.train_step(guard, step, loss=2.5, gradient_norm=0.25)
        self.assertEqual([step for step, _ in mirror.seen], [0, 2])
        shown = mirror.seen[1][1]
        self.assertEqual((shown["loss"], shown["gradient_norm"], shown["learning_rate"]), (2.5, 0.25, 0.5))
        self.assertNotIn("max_attention_logit", shown, "what was not measured is not shown")
        self.assertGreater(shown["hook_ms"], 0)

    def test_should_tell_what_became_of_commands(self) -> None:
        mirror = Recorded()
        guard = self.attach(mirror=mirror)
        self.sidecar.command("c1", SCALE, at=0, factor=0.5, floor=0.1, regrowthPerStep=1)
        self.sidecar.command("c2", MSIGN, at=0, layers=["nowhere"])
        self.train_step(guard, 0)
        self.sidecar.await_message("NOT_APPLIED")
        self.train_step(guard, 1)
        told = [text for _, text in mirror.events]
        self.assertIn("%s c1 was applied" % SCALE, told)
        self.assertIn("c2 was not applied, REFUSED: unknown layers: nowhere", told)

    def test_should_train_on_without_a_mirror_that_fails(self) -> None:
        mirror = Broken(every=1)
        guard = self.attach(mirror=mirror)
        self.sidecar.command("c1", MSIGN, at=1, layers=LAYERS)
        for step in range(3):
            self.train_step(guard, step)
        self.sidecar.await_message("APPLIED")
        self.assertEqual(mirror.tries, 1)
        failures = [text for text in self.warnings.texts if "mirror" in text]
        self.assertEqual(failures, ["training goes on without the guard's mirror: ConnectionError: no answer"])

    def test_should_show_on_rank_zero_only(self) -> None:
        mirror = Recorded()
        guard = self.attach(mirror=mirror, process_rank=1, world_size=2)
        self.train_step(guard, 0)
        self.assertEqual(mirror.seen, [])

    def test_should_refuse_what_is_no_mirror(self) -> None:
        with self.assertRaisesRegex(ValueError, "mirror must be"):
            self.attach(mirror="tensorboard")
        with self.assertRaisesRegex(ValueError, "every must be"):
            Recorded(every=0)

    def test_should_import_no_tool_while_off(self) -> None:
        code = "import instability_guard.mirrors, sys; print([m for m in sys.modules if m in ('tensorboard', 'wandb')])"
        self.assertEqual(subprocess.check_output([sys.executable, "-c", code], env=os.environ).strip(), b"[]")


class TensorBoardMirrorTest(unittest.TestCase):
    def test_should_write_scalars_and_texts(self) -> None:
        writer = FakeWriter()
        mirror = TensorBoardMirror(writer)
        mirror.scalars(7, {"loss": 2.5})
        mirror.event(8, "something")
        self.assertEqual(writer.calls, [("guard/loss", 2.5, 7), ("guard/events", "something", 8)])

    def test_should_open_a_writer_of_its_own(self) -> None:
        module = types.ModuleType("torch.utils.tensorboard")
        module.SummaryWriter = FakeWriter  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"torch.utils.tensorboard": module}):
            mirror = TensorBoardMirror(log_dir="runs/1")
        self.assertEqual(mirror._writer.log_dir, "runs/1")

    @unittest.skipUnless(has("tensorboard"), "tensorboard cannot be imported")
    def test_should_be_read_back_by_tensorboard(self) -> None:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        with tempfile.TemporaryDirectory() as folder:
            mirror = TensorBoardMirror(log_dir=folder)
            mirror.scalars(7, {"loss": 2.5})
            mirror.event(8, "something")
            mirror._writer.close()
            events = EventAccumulator(folder).Reload()
            self.assertEqual([(each.step, each.value) for each in events.Scalars("guard/loss")], [(7, 2.5)])
            told = [(e.step, e.tensor_proto.string_val[0]) for e in events.Tensors("guard/events/text_summary")]
            self.assertEqual(told, [(8, b"something")])


class WandbMirrorTest(unittest.TestCase):
    def test_should_go_with_the_next_row_of_the_program(self) -> None:
        run = FakeRun()
        mirror = WandbMirror(run)
        mirror.scalars(7, {"loss": 2.5})
        mirror.event(7, "something")
        run.log({"train/loss": 2.4})
        shown = {"guard/loss": 2.5, "guard/step": 7, "guard/event": "step 7: something", "train/loss": 2.4}
        self.assertEqual(run.rows, [shown, {}])

    def test_should_take_the_present_run_and_miss_one_that_was_not_begun(self) -> None:
        module = types.ModuleType("wandb")
        for run in FakeRun(), None:
            module.run = run  # type: ignore[attr-defined]
            with mock.patch.dict(sys.modules, {"wandb": module}):
                if run is None:
                    with self.assertRaisesRegex(ValueError, "wandb.init"):
                        WandbMirror()
                else:
                    WandbMirror().event(1, "something")
                    self.assertEqual(run.rows, [{"guard/event": "step 1: something"}])

    @unittest.skipUnless(has("wandb"), "wandb cannot be imported")
    def test_should_be_read_back_from_an_offline_run(self) -> None:
        import wandb

        with self.assertRaisesRegex(ValueError, "wandb.init"):
            WandbMirror()
        run = wandb.init(project="guard")
        mirror = WandbMirror()
        mirror.scalars(7, {"loss": 2.5})
        mirror.event(7, "something")
        run.log({"train/loss": 2.4})
        mirror.scalars(17, {"loss": 2.25})
        first = {"guard/loss": 2.5, "guard/step": 7, "guard/event": "step 7: something", "train/loss": 2.4}
        self.assertEqual(wandb_rows(run), [first, {"guard/loss": 2.25, "guard/step": 17}])


if __name__ == "__main__":
    unittest.main()
