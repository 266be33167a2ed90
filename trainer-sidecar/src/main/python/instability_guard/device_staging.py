"""Slots in the memory of the GPU that the weights live on, which the sidecar opens: no copy through the host.

**Not yet run on a GPU.** What needs one is `CudaRuntime`, a few calls; the rest is tested with a fake of it.

The memory is an allocation of its own, as large as the staging file up to the last matrix and laid out like it: slot i
lies at the same offset. It is never freed while the process lives, because the sidecar may still have it open, and
every later session of the same guard uses it again.

Copies into the slots run on a stream of their own, after what the training stream has queued by then; the training
stream waits, on the device, until they are done before it goes on, so that no optimizer step changes a weight that is
being copied. The host waits for nothing: the sidecar's own stream waits for the event that is recorded behind the copies.
"""

import base64
import contextlib
import ctypes
import os
import zlib
from typing import Any, Dict, Iterator, List, Optional, Sequence

import torch

from instability_guard.matrices import TrackedMatrix
from instability_guard.report import Report
from instability_guard.staging import SlotShape, layout

HANDLE_BYTES = 64
_RUNTIMES = ("libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0")


class DeviceUnavailable(Exception):
    """Why weights on a GPU are staged through host memory."""


class CudaRuntime:
    """The calls of CUDA that are needed here: torch's where it has them, else those of the library torch has loaded."""

    def __init__(self, device: torch.device) -> None:
        """`DeviceUnavailable` when torch's runtime library cannot be reached."""
        self.device = device
        self._library = _loaded_runtime()

    def allocate(self, size: int) -> torch.Tensor:
        """`size` bytes on the device, never freed."""
        address = ctypes.c_void_p()
        with torch.cuda.device(self.device):
            self._check("cudaMalloc", self._library.cudaMalloc(ctypes.byref(address), ctypes.c_size_t(size)))
        return torch.as_tensor(_Allocation(address.value or 0, size), device=self.device)

    def memory_handle(self, memory: torch.Tensor) -> bytes:
        """By which another process opens what `allocate` gave."""
        handle = ctypes.create_string_buffer(HANDLE_BYTES)
        with torch.cuda.device(self.device):
            address = ctypes.c_void_p(memory.data_ptr())
            self._check("cudaIpcGetMemHandle", self._library.cudaIpcGetMemHandle(handle, address))
        return handle.raw

    def stream(self) -> Any:
        """A new stream."""
        return torch.cuda.Stream(self.device)

    def event(self) -> Any:
        """A new event that other processes can wait for; it has been recorded once, which makes it one."""
        event = torch.cuda.Event(interprocess=True)
        event.record(torch.cuda.current_stream(self.device))
        return event

    def current_stream(self) -> Any:
        """The stream that training uses."""
        return torch.cuda.current_stream(self.device)

    def on(self, stream: Any) -> Any:
        """A context in which copies go to this stream."""
        return torch.cuda.stream(stream)

    def _check(self, call: str, code: int) -> None:
        if code != 0:
            raise DeviceUnavailable("%s answered %d" % (call, code))


class _Allocation:
    """Bytes on a device, in the words that `torch.as_tensor` understands."""

    def __init__(self, address: int, size: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (size,),
            "typestr": "|u1",
            "data": (address, False),
            "version": 2,
        }


def _loaded_runtime() -> ctypes.CDLL:
    for name in _RUNTIMES:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    raise DeviceUnavailable("torch's CUDA runtime library is not one of %s" % ", ".join(_RUNTIMES))


class DeviceStaging:
    """One slot per matrix on the device; `slots[i]` is a tensor view of slot i."""

    def __init__(self, runtime: Any, shapes: Sequence[SlotShape]) -> None:
        """Allocates; `DeviceUnavailable` or `RuntimeError` when that fails. `runtime`: a `CudaRuntime`."""
        offsets, self.size = layout(shapes)
        self._runtime = runtime
        self._memory = runtime.allocate(self.size)
        self._stream = runtime.stream()
        self._event = runtime.event()
        self.slots: List[torch.Tensor] = []
        for offset, shape in zip(offsets, shapes):
            flat = self._memory[offset : offset + shape.size].view(getattr(torch, shape.dtype))
            self.slots.append(flat.view(shape.rows, shape.columns))
        self._offer = {
            "memory": _text(runtime.memory_handle(self._memory)),
            "event": _text(self._event.ipc_handle()),
            "bytes": self.size,
        }

    def offer(self) -> Dict[str, Any]:
        """What HELLO says of it."""
        return dict(self._offer)

    @contextlib.contextmanager
    def copying(self) -> Iterator[None]:
        """Copies into slots belong inside."""
        training = self._runtime.current_stream()
        self._stream.wait_stream(training)
        try:
            with self._runtime.on(self._stream):
                yield
        finally:
            self._event.record(self._stream)
            training.wait_event(self._event)

    def checksum(self, index: int) -> int:
        """CRC-32 of the bytes of slot `index`, which are copied to the host for it."""
        host = self.slots[index].cpu()
        return zlib.crc32(ctypes.string_at(host.data_ptr(), host.numel() * host.element_size()))


def _text(handle: bytes) -> str:
    if len(handle) != HANDLE_BYTES:
        raise DeviceUnavailable("an IPC handle has %d bytes, not %d" % (len(handle), HANDLE_BYTES))
    return base64.b64encode(handle).decode("ascii")


def device_staging(
    matrices: Sequence[TrackedMatrix], world_size: int, report: Report, runtime: Any = CudaRuntime
) -> Optional[DeviceStaging]:
    """Slots on the GPU when all matrices live on one; else None, with the reason said once if any lives on one."""
    devices = {matrix.parameter.device for matrix in matrices}
    if not any(device.type == "cuda" for device in devices):
        return None
    try:
        if len(devices) > 1:
            raise DeviceUnavailable("they live on several devices")
        if world_size > 1:
            raise DeviceUnavailable("runs of several processes stage through the host")
        return DeviceStaging(runtime(devices.pop()), [matrix.shape for matrix in matrices])
    except Exception as error:
        report.warn("weights on CUDA are staged through host memory: %s" % (str(error) or type(error).__name__))
        return None
