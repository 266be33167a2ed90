"""Slots on the device, with host memory and recorded calls in place of a GPU."""

import contextlib
import tempfile
import unittest
import zlib
from typing import Any, Iterator, List

import torch
from instability_guard.device_staging import CudaRuntime, DeviceStaging, DeviceUnavailable, device_staging
from instability_guard.matrices import track
from instability_guard.report import Report
from instability_guard.staging import SlotShape, StagingFile, layout

from hook_case import HookCase, small_model

SHAPES = [SlotShape(2, 3, "float32"), SlotShape(4, 4, "bfloat16")]


class Named:
    """A stream or an event that writes down what it is told."""

    def __init__(self, name: str, calls: List[str]) -> None:
        self.name = name
        self._calls = calls

    def wait_stream(self, other: "Named") -> None:
        self._calls.append("%s waits for %s" % (self.name, other.name))

    def wait_event(self, event: "Named") -> None:
        self._calls.append("%s waits for %s" % (self.name, event.name))

    def record(self, stream: "Named") -> None:
        self._calls.append("%s after %s" % (self.name, stream.name))

    def ipc_handle(self) -> bytes:
        return b"e" * 64


class FakeRuntime:
    """A `CudaRuntime` over host memory."""

    def __init__(self, device: Any = None, handle_bytes: int = 64) -> None:
        self.calls: List[str] = []
        self._handle_bytes = handle_bytes

    def allocate(self, size: int) -> torch.Tensor:
        self.calls.append("allocate %d" % size)
        return torch.zeros(size, dtype=torch.uint8)

    def memory_handle(self, memory: torch.Tensor) -> bytes:
        return b"m" * self._handle_bytes

    def stream(self) -> Named:
        return Named("side", self.calls)

    def event(self) -> Named:
        return Named("copied", self.calls)

    def current_stream(self) -> Named:
        return Named("training", self.calls)

    @contextlib.contextmanager
    def on(self, stream: Named) -> Iterator[None]:
        self.calls.append("on %s" % stream.name)
        yield
        self.calls.append("off %s" % stream.name)


class DeviceStagingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.runtime = FakeRuntime()
        self.staging = DeviceStaging(self.runtime, SHAPES)

    def test_should_lay_the_slots_out_like_the_file(self) -> None:
        offsets, size = layout(SHAPES)
        base = self.staging.slots[0].data_ptr() - offsets[0]
        self.assertEqual([slot.data_ptr() - base for slot in self.staging.slots], offsets)
        self.assertEqual([tuple(slot.shape) for slot in self.staging.slots], [(2, 3), (4, 4)])
        self.assertEqual(self.staging.slots[1].dtype, torch.bfloat16)
        self.assertEqual(self.runtime.calls, ["allocate %d" % size])

    def test_should_offer_both_handles(self) -> None:
        offer = self.staging.offer()
        self.assertEqual(offer["memory"], "bW1t" * 21 + "bQ==")
        self.assertEqual(offer["event"], "ZWVl" * 21 + "ZQ==")
        self.assertEqual(offer["bytes"], layout(SHAPES)[1])

    def test_should_order_copies_by_events_alone(self) -> None:
        self.runtime.calls.clear()
        with self.staging.copying():
            self.runtime.calls.append("copy")
        order = ["side waits for training", "on side", "copy", "off side", "copied after side"]
        self.assertEqual(self.runtime.calls, [*order, "training waits for copied"])

    def test_should_let_training_wait_even_when_a_copy_fails(self) -> None:
        with self.assertRaises(ValueError), self.staging.copying():
            raise ValueError
        self.assertEqual(self.runtime.calls[-1], "training waits for copied")

    def test_should_sum_the_bytes_of_a_slot(self) -> None:
        self.staging.slots[0].copy_(torch.arange(6.0).view(2, 3))
        self.assertEqual(self.staging.checksum(0), zlib.crc32(torch.arange(6.0).numpy().tobytes()))

    def test_should_take_the_place_of_the_files_slots_of_matrices_only(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = StagingFile.in_folder(folder, [*SHAPES, SlotShape(1, 2, "float32")], 1)
            last = file.slots[2]
            file.use(self.staging)
            self.staging.slots[1].fill_(1.0)
            self.assertEqual(file.slots[1].float().sum().item(), 16.0)
            self.assertEqual(file.checksum(1), self.staging.checksum(1))
            self.assertIs(file.slots[2], last)
            file.close()


class ChoiceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.report = Report()
        self.said: List[str] = []
        self.report.warn = self.said.append  # type: ignore[method-assign]

    def choose(self, devices: List[str], world_size: int = 1, runtime: Any = FakeRuntime) -> Any:
        matrices = track(small_model()).matrices
        for matrix, device in zip(matrices, devices):
            object.__setattr__(matrix, "parameter", _On(matrix.parameter, torch.device(device)))
        return device_staging(matrices, world_size, self.report, runtime)

    def test_should_stage_on_the_device_of_the_weights(self) -> None:
        self.assertIsInstance(self.choose(["cuda:0", "cuda:0"]), DeviceStaging)
        self.assertEqual(self.said, [])

    def test_should_say_nothing_of_weights_on_the_cpu(self) -> None:
        self.assertIsNone(self.choose(["cpu", "cpu"]))
        self.assertEqual(self.said, [])

    def test_should_fall_back_with_the_reason(self) -> None:
        def broken(device: torch.device) -> FakeRuntime:
            raise DeviceUnavailable("no such library")

        def short(device: torch.device) -> FakeRuntime:
            return FakeRuntime(handle_bytes=66)

        self.assertIsNone(self.choose(["cuda:0", "cuda:1"]))
        self.assertIsNone(self.choose(["cuda:0", "cpu"]))
        self.assertIsNone(self.choose(["cuda:0", "cuda:0"], world_size=2))
        self.assertIsNone(self.choose(["cuda:0", "cuda:0"], runtime=broken))
        self.assertIsNone(self.choose(["cuda:0", "cuda:0"], runtime=short))
        reasons = [said.rpartition("host memory: ")[2] for said in self.said]
        several = "they live on several devices"
        processes = "runs of several processes stage through the host"
        handle = "an IPC handle has 66 bytes, not 64"
        self.assertEqual(reasons, [several, several, processes, "no such library", handle])

    @unittest.skipIf(torch.cuda.is_available(), "there is a GPU here")
    def test_should_find_no_runtime_without_a_gpu(self) -> None:
        self.assertIsNone(self.choose(["cuda:0", "cuda:0"], runtime=CudaRuntime))
        self.assertEqual(len(self.said), 1)


class _On:
    """A parameter that says it is on another device."""

    def __init__(self, parameter: torch.Tensor, device: torch.device) -> None:
        self._parameter = parameter
        self.device = device

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parameter, name)


class DeviceSessionTest(HookCase):
    """A whole session; the fake sidecar reads and writes the fake device's memory."""

    def attach_offering(self, **welcome: Any) -> Any:
        self.sidecar.on["HELLO"] = lambda sidecar, message: sidecar.send(
            type="WELCOME", version=2, session="s", commandTimeoutMs=20_000, **welcome
        )
        guard = self.attach_unanswered(command_timeout=20.0, sample_every=1)
        self.sidecar.await_message("HELLO")
        connection = guard._connection
        connection.close()
        matrices = track(self.model).matrices
        connection._device_staging = DeviceStaging(FakeRuntime(), [matrix.shape for matrix in matrices])
        connection._next_attempt = 0.0
        guard.step(0)
        self.sidecar.await_message("HELLO", 2)
        self.addCleanup(guard.close)
        return guard

    def step_until_sampled(self, guard: Any) -> None:
        for step in range(1, 2000):
            guard.step(step)
            if guard.statistics["samplesSent"]:
                return
        self.fail("no sample was sent")

    def test_should_stage_weights_on_the_device_once_welcome(self) -> None:
        guard = self.attach_offering(deviceStaging=True)
        self.assertIn("device", self.sidecar.of("HELLO")[-1]["staging"])
        self.step_until_sampled(guard)
        device = guard._connection._device_staging
        self.assertTrue(torch.equal(device.slots[0], self.model.blocks[0].q_proj.weight.detach()))

    def test_should_stage_through_the_host_when_the_sidecar_declines(self) -> None:
        guard = self.attach_offering(deviceStaging=False, deviceStagingReason="no GPU: no driver")
        self.step_until_sampled(guard)
        self.assertFalse(guard._connection._device_staging.slots[0].any())
        declined = [text for text in self.warnings.texts if "no GPU: no driver" in text]
        self.assertEqual(len(declined), 1)


if __name__ == "__main__":
    unittest.main()
