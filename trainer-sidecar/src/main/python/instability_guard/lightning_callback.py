"""The guard in a PyTorch Lightning `Trainer`::

    from instability_guard.lightning_callback import InstabilityGuardCallback
    trainer = Trainer(..., callbacks=[InstabilityGuardCallback(run_id="my-run")])

For Koopman spectral shaping add `callback.guard.regularization()` to the loss in `training_step`.
"""

import importlib
import sys
from typing import Any, List, Mapping, Optional

import torch

from instability_guard.guard import InstabilityGuard

_LIBRARIES = ("lightning.pytorch", "pytorch_lightning")


def _callback_class() -> Any:
    """Lightning's base class, of the library that is imported already where there are two."""
    for library in sorted(_LIBRARIES, key=lambda name: name not in sys.modules):
        try:
            return importlib.import_module(library).Callback
        except ImportError:
            continue
    raise ImportError("instability_guard.lightning_callback needs PyTorch Lightning: pip install lightning")


_Callback: Any = _callback_class()


class InstabilityGuardCallback(_Callback):  # type: ignore[misc]
    """Attaches when training starts, reports each optimizer step (0, 1, …), closes when training ends or fails.

    The loss is the mean over the batches whose gradients the step accumulated; the gradient norm is that of the
    optimizer about to step, unscaled and before clipping (unknown where gradients are sharded). With several
    optimizers a batch that steps any of them is one step.
    """

    def __init__(self, run_id: str, **options: Any) -> None:
        """`options`: of `InstabilityGuard.attach`."""
        super().__init__()
        self.guard: Optional[InstabilityGuard] = None
        """The guard of the training that goes on."""
        self._options = {**options, "run_id": run_id}
        self._step = self._passed = 0
        self._losses: List[torch.Tensor] = []
        self._norm: Optional[torch.Tensor] = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Attaches to the module and its optimizers."""
        self._close()
        self._step = self._passed = trainer.global_step
        self.guard = InstabilityGuard.attach(pl_module, trainer.optimizers, **self._options)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Takes the norm of the gradients, without waiting for the device."""
        self._norm = gradient_norm(optimizer)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Reports the step, when this batch completed one."""
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, torch.Tensor):
            self._losses.append(loss.detach())
        if self.guard is None or trainer.global_step == self._passed:
            return
        # Lightning divides each loss by the number of batches that a whole step accumulates.
        mean = torch.stack(self._losses).mean() * trainer.accumulate_grad_batches if self._losses else None
        self.guard.step(self._step, loss=mean, gradient_norm=self._norm)
        self._passed = trainer.global_step
        self._step += 1
        self._losses, self._norm = [], None

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Closes the guard."""
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Closes the guard."""
        self._close()

    def _close(self) -> None:
        guard, self.guard = self.guard, None
        if guard is not None:
            guard.close()


def gradient_norm(optimizer: Any) -> Optional[torch.Tensor]:
    """2-norm of all gradients of an optimizer's weights; None when there are none, or any is no plain tensor."""
    parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients or any(type(each) is not torch.Tensor or each.is_sparse for each in gradients):
        return None
    norms = [torch.linalg.vector_norm(gradient, dtype=torch.float32) for gradient in gradients]
    return torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]))
