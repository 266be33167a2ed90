"""The staging file: one slot of host memory per tracked matrix, shared with the sidecar.

Layout, little-endian::

    offset  size  field
    0       8     magic "IGSTAGE1", written last
    8       4     u32 layout version = 1
    12      4     u32 number of slots
    16      8     u64 total bytes of the file
    24      8     u64 generation
    32      32    zero
    64      ...   slots, row-major, each starting at a multiple of 64
"""

import contextlib
import mmap
import os
import secrets
import struct
import zlib
from typing import Any, ContextManager, List, NamedTuple, Optional, Sequence, Tuple

import torch

from instability_guard.fingerprint import fingerprint

MAGIC = b"IGSTAGE1"
LAYOUT_VERSION = 1
ALIGNMENT = 64
HEADER = struct.Struct("<IIQQ")
HEADER_OFFSET = len(MAGIC)
SLOTS_OFFSET = 64

ITEM_SIZES = {"float32": 4, "bfloat16": 2, "float16": 2, "float64": 8}


class SlotShape(NamedTuple):
    """Rows, columns and dtype name (a key of `ITEM_SIZES`) of one slot."""

    rows: int
    columns: int
    dtype: str

    @property
    def size(self) -> int:
        """Bytes of the matrix."""
        return self.rows * self.columns * ITEM_SIZES[self.dtype]


def align(offset: int) -> int:
    """The first multiple of 64 not below `offset`."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def layout(shapes: Sequence[SlotShape]) -> Tuple[List[int], int]:
    """Offset of every slot and the total bytes of the file."""
    offsets = []
    end = SLOTS_OFFSET
    for shape in shapes:
        offsets.append(end)
        end = align(end + shape.size)
    return offsets, end


class StagingFile:
    """A mapped file of mode 0600 that holds one slot per matrix; `slots[i]` is a tensor view of slot i.

    Its blocks are allocated on creation, so that a full disk is an `OSError` here and no bus error later.
    """

    def __init__(self, path: str, shapes: Sequence[SlotShape], generation: int) -> None:
        """Creates the file; `FileExistsError` when `path` exists, `OSError` when it cannot be created or filled."""
        self.path = path
        self.offsets, self.size = layout(shapes)
        self._sizes = [shape.size for shape in shapes]
        self._pid = os.getpid()
        self._device: Optional[Any] = None
        self._memory = self._create()
        header = HEADER.pack(LAYOUT_VERSION, len(shapes), self.size, generation)
        self._memory[HEADER_OFFSET : HEADER_OFFSET + HEADER.size] = header
        self.slots = [self._view(offset, shape) for offset, shape in zip(self.offsets, shapes)]
        self._memory[0 : len(MAGIC)] = MAGIC

    @classmethod
    def in_folder(cls, folder: str, shapes: Sequence[SlotShape], generation: int) -> "StagingFile":
        """A fresh file `staging-<pid>-<8 hex>` in `folder`."""
        name = "staging-%d-%s" % (os.getpid(), secrets.token_hex(4))
        return cls(os.path.join(folder, name), shapes, generation)

    def use(self, device: Any) -> None:
        """From now on the slots of the matrices are those of a `DeviceStaging`."""
        self._device = device
        self.slots[: len(device.slots)] = device.slots

    def copying(self) -> ContextManager[None]:
        """Copies of weights into slots belong inside."""
        return contextlib.nullcontext() if self._device is None else self._device.copying()

    def checksum(self, index: int) -> int:
        """CRC-32 of the bytes of slot `index`."""
        if self._device is not None and index < len(self._device.slots):
            return int(self._device.checksum(index))
        start = self.offsets[index]
        with memoryview(self._memory) as memory:
            return zlib.crc32(memory[start : start + self._sizes[index]])

    def fingerprint(self, index: int) -> int:
        """That of the bytes of slot `index`."""
        start = self.offsets[index]
        with memoryview(self._memory) as memory:
            return fingerprint(memory[start : start + self._sizes[index]])

    def close(self) -> None:
        """Unlinks the file, if this process made it; the mapping goes with the last tensor view of it."""
        if os.getpid() != self._pid:
            return
        try:
            os.unlink(self.path)
        except OSError:
            pass  # the sidecar unlinks it too: whoever comes second finds nothing

    def _create(self) -> mmap.mmap:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _allocate(descriptor, self.size)
            return mmap.mmap(descriptor, self.size)
        except BaseException:
            os.unlink(self.path)
            raise
        finally:
            os.close(descriptor)

    def _view(self, offset: int, shape: SlotShape) -> torch.Tensor:
        dtype = getattr(torch, shape.dtype)
        flat = torch.frombuffer(self._memory, dtype=dtype, count=shape.rows * shape.columns, offset=offset)
        return flat.view(shape.rows, shape.columns)


def _allocate(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.pwrite(descriptor, bytes(size), 0)
