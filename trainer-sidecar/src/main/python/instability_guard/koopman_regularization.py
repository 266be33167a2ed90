"""ENABLE_KSS and DISABLE_KSS: the penalty of `koopman_shaping` on a random half of the blocks, every few steps.

    strength * mean of koopman_shaping over the blocks of this step            (arXiv 2602.22988, section on KSS)

Which half is drawn from the number of the step, without touching the trainer's random numbers. The penalty is part of
the loss, so it shares everything that happens to the loss (scaling, accumulation, clipping); a loop that wants to bound
its gradient against the task's differentiates `guard.regularization()` by itself.
"""

import contextlib
import random
import time
from typing import Any, List, NamedTuple, Optional, Sequence

import torch
from torch import Tensor, nn

from instability_guard.blocks import Block, find_blocks
from instability_guard.effects import Effect, NotApplied, Occasion, named
from instability_guard.koopman_shaping import ShapingSettings, koopman_shaping
from instability_guard.live_snapshots import LiveSnapshots
from instability_guard.report import Report
from instability_guard.sampling import check_until

_SETTINGS = ShapingSettings()


class ShapingOrder(NamedTuple):
    """An ENABLE_KSS: which blocks, how strongly, every how many steps, and until when (-1: until another order)."""

    blocks: Sequence[Block]
    strength: float
    every: int
    until_step: int

    def chosen(self, step: int) -> List[Block]:
        """The blocks whose turn `step` is: half of them, rounded up, every `every` steps."""
        if step % self.every:
            return []
        return random.Random(step).sample(list(self.blocks), (len(self.blocks) + 1) // 2)


class KoopmanRegularization:
    """The penalty of the step that is going on; zero while none is ordered.

    A block is skipped, and counted, when its snapshots are missing (a compiled block shows nothing), hang in no graph,
    or give no finite penalty; when all are, the penalty is zero. Errors are reported and counted, never raised.
    """

    def __init__(self, model: nn.Module, patterns: Optional[Sequence[str]], report: Report) -> None:
        """`patterns` (on module paths) name the residual blocks; None: they are found."""
        self._blocks = {block.path: block for block in find_blocks(model, patterns)}
        floating = [parameter for parameter in model.parameters() if parameter.is_floating_point()]
        self._like = floating[-1] if floating else torch.zeros(())
        self._report = report
        self._snapshots = LiveSnapshots(list(self._blocks.values()), report)
        self._order: Optional[ShapingOrder] = None
        self._due = 0
        self._was_asked = False
        self._calls = self._skipped = 0
        self._seconds = 0.0

    def __call__(self) -> Tensor:
        """0-d, on the device of the model's last parameter, of its data type but at least float32; always finite."""
        self._was_asked = True
        wide = torch.promote_types(self._like.dtype, torch.float32)
        nothing = torch.zeros((), dtype=wide, device=self._like.device)
        if self._order is None or not self._due:
            return nothing
        started = time.perf_counter()
        try:
            terms = self._terms(nothing)
            penalty = self._order.strength * torch.stack(terms).mean() if terms else nothing
            usable = len(terms) if bool(torch.isfinite(penalty)) else 0
        except Exception as error:
            self._report.error(error)
            usable = 0
        self._count(self._due - usable, time.perf_counter() - started)
        return penalty if usable else nothing

    def enable(self, occasion: Occasion) -> Effect:
        """ENABLE_KSS: on the blocks of the command, or all; it replaces an order that is in force."""
        parameters = occasion.command.parameters
        if not self._was_asked:
            raise NotApplied("the training loop never called guard.regularization(): add it to the loss")
        if not self._blocks:
            raise NotApplied("no residual blocks were found in the model: attach the guard with snapshot_blocks=[...]")
        blocks = named(occasion.command.layers, self._blocks, "residual blocks")
        every, until_step = int(parameters["every"]), int(parameters["untilStep"])
        check_until(until_step, occasion.step)
        occasion.pact.conclude()
        order = ShapingOrder(blocks, parameters["strength"], every, until_step)
        self._order = order
        self._snapshots.install()
        self._calls, self._skipped, self._seconds = 0, 0, 0.0
        return Effect({"kssBlocks": len(blocks)}, undo=lambda later: self._withdraw(later, order))

    def disable(self, occasion: Occasion) -> Effect:
        """DISABLE_KSS, whether it is enabled or not; tells its calls and their mean time without backward."""
        occasion.pact.conclude()
        return self._end()

    @property
    def is_enabled(self) -> bool:
        """Whether there is an order to be carried out."""
        return self._order is not None

    def await_step(self, step: int) -> None:
        """Prepares for the forward passes of `step`, and lets go of what is left of those before."""
        if self._order is None:
            return
        if 0 <= self._order.until_step < step:
            self._end()
            return
        chosen = self._order.chosen(step)
        self._due = len(chosen)
        self._snapshots.watch(chosen, step)

    def uninstall(self) -> None:
        """Takes every hook from the model."""
        self._end()
        self._snapshots.close()

    def _withdraw(self, occasion: Occasion, order: ShapingOrder) -> Effect:
        if self._order is not order:
            raise NotApplied("it is not in force any more")
        occasion.pact.conclude()
        return self._end()

    def _end(self) -> Effect:
        self._order, self._due = None, 0
        self._snapshots.release()
        cost = {"kssCalls": float(self._calls), "kssSkipped": float(self._skipped)}
        if self._calls:
            cost["kssMillis"] = 1000.0 * self._seconds / self._calls
        return Effect(cost)

    def _terms(self, like: Tensor) -> List[Tensor]:
        """The penalties of the blocks that have one."""
        with _full_precision(like.device):
            penalties = [self._of_block(entering, leaving) for entering, leaving in self._snapshots.take()]
        return [penalty.to(like) for penalty in penalties if penalty is not None and penalty.requires_grad]

    def _of_block(self, entering: Tensor, leaving: Tensor) -> Optional[Tensor]:
        try:
            return koopman_shaping(entering, leaving, _SETTINGS)
        except Exception as error:
            self._report.error(error)
            return None

    def _count(self, skipped: int, seconds: float) -> None:
        self._calls += 1
        self._skipped += skipped
        self._seconds += seconds
        self._report.count("kssCalls")
        self._report.count("kssSkipped", skipped)
        self._report.count("kssMicros", round(seconds * 1e6))


def _full_precision(device: torch.device) -> Any:
    """No autocast: the eigenvalues of products in half precision would be noise."""
    if device.type in ("cpu", "cuda"):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()
