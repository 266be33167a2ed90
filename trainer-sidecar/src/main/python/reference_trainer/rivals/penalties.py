"""Methods that add a penalty to the loss."""

from __future__ import annotations

from typing import Iterable, Sequence

import torch

from reference_trainer.rivals.method import Method


class SpectralPenalty(Method):
    """Adds ``strength`` times the sum of squared spectral norms of all block weights, every step (Yoshida 2017).

    The norm comes from one step of power iteration per training step, started where the last one ended. The gradient
    is written down instead of differentiated: d sigma^2 / dW = 2 sigma u v^T.
    """

    def __init__(self, weights: Iterable[torch.nn.Parameter], strength: float) -> None:
        self._weights = list(weights)
        self._strength = strength
        self._rights = [torch.ones(weight.shape[1]).div_(weight.shape[1] ** 0.5) for weight in self._weights]

    @torch.no_grad()
    def before_update(self, step: int, gradient_norm: float) -> None:
        """Adds the penalty's gradient to the task's."""
        for index, weight in enumerate(self._weights):
            stretched = weight @ self._rights[index]
            left = stretched / stretched.norm().clamp(min=1e-30)
            back = weight.t() @ left
            sigma = back.norm()
            self._rights[index] = back / sigma.clamp(min=1e-30)
            weight.grad.addr_(left, back, alpha=2.0 * self._strength)  # back = sigma v


class KoopmanShapingAlways(Method):
    """Koopman spectral shaping (KSS, arXiv 2602.22988) from the first step to the last.

    Every ``period`` steps the penalty of a random half of the blocks, averaged over them and times ``strength``, joins
    the loss. The form of the penalty is that of the hook's own ``instability_guard.koopman_shaping``.
    """

    STRENGTH = 0.15
    PERIOD = 10

    def __init__(self, blocks: Sequence[torch.nn.Module], seed: int) -> None:
        from instability_guard.koopman_shaping import ShapingSettings, koopman_shaping

        self._shaping, self._settings = koopman_shaping, ShapingSettings()
        self._blocks = list(blocks)
        self._generator = torch.Generator().manual_seed(seed)
        self._snapshots: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._handles = [block.register_forward_hook(self._capture) for block in self._blocks]

    def penalty(self, step: int) -> torch.Tensor | None:
        """None on the steps between."""
        if step % self.PERIOD != 0:
            return None
        order = torch.randperm(len(self._blocks), generator=self._generator).tolist()
        chosen = [self._snapshots[id(self._blocks[index])] for index in order[: max(1, len(order) // 2)]]
        terms = [self._shaping(entering, leaving, self._settings) for entering, leaving in chosen]
        return self.STRENGTH * torch.stack([term.float() for term in terms]).mean()

    def close(self) -> None:
        """Lets go of the blocks."""
        for handle in self._handles:
            handle.remove()

    def _capture(self, block: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        self._snapshots[id(block)] = (inputs[0].flatten(0, -2), output.flatten(0, -2))
