"""Whether the optimizers stepped, and what to believe of the gradient norm where a loss scaler had them skip.

A `GradScaler` tries a loss scale until it overflows, and skips that step: its gradients are infinite because of the
scale, not because of the run. Such a step repeats the last gradient norm that a step was taken with (NaN before the
first) and says so among the omissions. Fused optimizers are called all the same; the scaler's `found_inf` tells.
"""

import math
from typing import Any, List, Optional, Tuple

import torch
from torch.optim import Optimizer

from instability_guard.scalars import Scalar, ScalarReader

SKIPPED = "optimizer step: skipped, as by a loss scaler; a gradient norm that is not finite is the one before"


class OptimizerSteps:
    """Notes each step of the optimizers; asked once at every boundary. Never waits for a device."""

    def __init__(self, is_told: bool = True) -> None:
        """`is_told`: whether there is an optimizer that notes its steps here; else every step is taken for one."""
        self._is_told = is_told
        self._count = 0
        self._found_inf: Optional[torch.Tensor] = None
        self._overflows = ScalarReader()
        self._norm: Scalar = math.nan

    def note(self, optimizer: Optimizer) -> None:
        """An optimizer begins to step."""
        self._count += 1
        found_inf: Any = getattr(optimizer, "found_inf", None)
        self._found_inf = found_inf.detach().clone() if isinstance(found_inf, torch.Tensor) else None

    def told(self, norm: Optional[Scalar]) -> Tuple[Optional[Scalar], List[str]]:
        """The gradient norm to report, and the omission to name when the step was skipped; begins the next step."""
        if type(norm) is float and self.is_ordinary:
            self._norm = norm
            self._count = 0
            return norm, []
        return self._believed(norm), self._omissions()

    @property
    def is_ordinary(self) -> bool:
        """Whether the optimizers stepped and no loss scaler is at work, so that a float is believed as it is."""
        return bool(self._count) and self._found_inf is None

    def _believed(self, norm: Optional[Scalar]) -> Optional[Scalar]:
        """`norm`, unless the step was skipped and it is not finite."""
        if isinstance(norm, torch.Tensor) and norm.numel() == 1:
            norm = norm.detach()
        elif not isinstance(norm, (int, float)):
            return norm
        if self._is_left_out():
            self._norm = _first_finite(norm, self._norm)
        elif self._found_inf is None:
            self._norm = norm
        else:
            self._norm = _where(self._found_inf.reshape(()) > 0, _first_finite(norm, self._norm), norm)
        return self._norm

    def _omissions(self) -> List[str]:
        """Says so when the step was skipped; of a fused optimizer on CUDA one step late."""
        is_skipped = self._is_left_out() or self._overflows.read(self._found_inf) > 0.0
        self._count, self._found_inf = 0, None
        return [SKIPPED] if is_skipped else []

    def _is_left_out(self) -> bool:
        return self._is_told and self._count == 0


def _first_finite(norm: Scalar, before: Scalar) -> Scalar:
    """`norm` where it is finite, else `before`."""
    if isinstance(norm, torch.Tensor):
        return _where(torch.isfinite(norm), norm, before)
    return norm if math.isfinite(norm) else before


def _where(condition: torch.Tensor, one: Scalar, other: Scalar) -> torch.Tensor:
    """0-d, on the device of the condition."""
    options = [torch.as_tensor(each, dtype=torch.float64).to(condition.device) for each in (one, other)]
    return torch.where(condition.reshape(()), options[0].reshape(()), options[1].reshape(()))
