"""The guard in a Hugging Face `Trainer`::

    from instability_guard.transformers_callback import InstabilityGuardCallback
    trainer = Trainer(..., callbacks=[InstabilityGuardCallback(run_id="my-run")])

A callback is told the loss and the gradient norm before clipping only where the trainer logs them: train with
`logging_steps=1` and `logging_nan_inf_filter=False`. With other logging the guard gets neither, and watches the rest.
"""

import logging
from typing import Any, Mapping, Optional

from instability_guard.guard import InstabilityGuard

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "instability_guard.transformers_callback needs Hugging Face transformers: pip install transformers"
    ) from error

_LOGGER = logging.getLogger("instability_guard")


class InstabilityGuardCallback(TrainerCallback):  # type: ignore[misc]
    """Attaches when training begins, reports each optimizer step (0, 1, …), closes when training ends.

    Where every step is logged each is reported then, with its loss and gradient norm; else at its end, without.
    """

    def __init__(self, run_id: str, **options: Any) -> None:
        """`options`: of `InstabilityGuard.attach`."""
        self.guard: Optional[InstabilityGuard] = None
        """The guard of the training that goes on."""
        self._options = {**options, "run_id": run_id}
        self._reported = 0
        self._is_logged = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Attaches to the model and the optimizer."""
        self._close()
        self._reported = state.global_step
        self.guard = InstabilityGuard.attach(kwargs["model"], kwargs.get("optimizer") or [], **self._options)
        self._is_logged = args.logging_steps == 1 and args.logging_strategy == "steps"
        if not self._is_logged:
            _LOGGER.warning("the guard learns loss and gradient norm only where all are logged: set logging_steps=1")

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Reports the step before, should it have been logged in vain."""
        self._report(state, {})

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Reports a step that is not about to be logged."""
        if not (self._is_logged and control.should_log):
            self._report(state, {})

    def on_log(self, args: Any, state: Any, control: Any, logs: Optional[Mapping[str, Any]] = None, **kw: Any) -> None:
        """Reports a step with what is logged of it."""
        if self._is_logged and logs and "loss" in logs:
            self._report(state, logs)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Closes the guard."""
        self._report(state, {})
        self._close()

    def _report(self, state: Any, logs: Mapping[str, Any]) -> None:
        if self.guard is not None and state.global_step > self._reported:
            self._reported = state.global_step
            self.guard.step(state.global_step - 1, loss=logs.get("loss"), gradient_norm=logs.get("grad_norm"))

    def _close(self) -> None:
        guard, self.guard = self.guard, None
        if guard is not None:
            guard.close()
