"""Turns what a training loop has at hand (floats, tensors on any device) into floats without waiting for a device."""

import math
from typing import Any, Optional, Union

import torch

Scalar = Union[float, int, torch.Tensor]


class ScalarReader:
    """One named scalar of the training loop.

    Numbers and CPU tensors are read at once. A CUDA tensor is copied to pinned memory behind the work that is queued
    already and reported at the next step (or later, should the copy not be done by then): its value lags by one step.
    """

    def __init__(self) -> None:
        self._latest = math.nan
        self._pinned: Optional[torch.Tensor] = None
        self._copied: Optional[Any] = None

    def read(self, value: Optional[Scalar]) -> float:
        """The value to report now; NaN when there is none."""
        if value is None:
            return math.nan
        if isinstance(value, torch.Tensor):
            return self._read_cuda(value) if value.is_cuda else float(value.item())
        return float(value)

    def _read_cuda(self, value: torch.Tensor) -> float:
        if self._pinned is None or self._copied is None:
            self._pinned = torch.empty((), dtype=torch.float64, device="cpu", pin_memory=True)
            self._copied = torch.cuda.Event()
        elif self._copied.query():
            self._latest = self._pinned.item()
        else:
            return self._latest
        with torch.cuda.device(value.device):
            self._pinned.copy_(value.detach().double().reshape(()), non_blocking=True)
            self._copied.record()
        return self._latest
