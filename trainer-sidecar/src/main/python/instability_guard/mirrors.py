"""What the hook reports and what became of commands, beside a team's other curves in TensorBoard or Weights & Biases::

    guard = InstabilityGuard.attach(model, optimizer, run_id="my-run", mirror=TensorBoardMirror(writer))
    guard = InstabilityGuard.attach(model, optimizer, run_id="my-run", mirror=WandbMirror(wandb.run))

Off unless named; neither library is imported before. Only rank 0 shows anything.
"""

import math
from typing import Any, Dict, Optional

from instability_guard.messages import Message, StepReport
from instability_guard.report import Report

_PREFIX = "guard/"


class Mirror:
    """Where scalars and events are shown; derive from it for a tool of your own. What it raises ends it, not training."""

    def __init__(self, every: int = 10) -> None:
        """`every`: scalars are shown at steps divisible by this; events always."""
        if not isinstance(every, int) or every < 1:
            raise ValueError("every must be an integer of at least 1: %r" % (every,))
        self.every = every

    def scalars(self, step: int, values: Dict[str, float]) -> None:
        """Shows scalars by name."""
        raise NotImplementedError

    def event(self, step: int, text: str) -> None:
        """Shows one sentence."""
        raise NotImplementedError


class TensorBoardMirror(Mirror):
    """Into event files of TensorBoard: scalars and texts under `guard/`."""

    def __init__(self, writer: Any = None, log_dir: Optional[str] = None, every: int = 10) -> None:
        """`writer`: the `SummaryWriter` in use; default: one of its own in `log_dir`."""
        super().__init__(every)
        if writer is None:
            from torch.utils.tensorboard import SummaryWriter

            writer = SummaryWriter(log_dir)
        self._writer = writer

    def scalars(self, step: int, values: Dict[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(_PREFIX + name, value, step)

    def event(self, step: int, text: str) -> None:
        self._writer.add_text(_PREFIX + "events", text, step)


class WandbMirror(Mirror):
    """Into a run of Weights & Biases, without a row of its own: what is shown goes with what the program logs next.

    So the program's own step counter is left alone. `guard/step` is the guard's step of the values.
    """

    def __init__(self, run: Any = None, every: int = 10) -> None:
        """`run`: what `wandb.init` returned; default: the process's present one."""
        super().__init__(every)
        if run is None:
            import wandb

            run = wandb.run
        if run is None:
            raise ValueError("no run of Weights & Biases is under way: call wandb.init first")
        self._run = run

    def scalars(self, step: int, values: Dict[str, float]) -> None:
        shown = {_PREFIX + name: value for name, value in values.items()}
        self._run.log({**shown, _PREFIX + "step": step}, commit=False)

    def event(self, step: int, text: str) -> None:
        self._run.log({_PREFIX + "event": "step %d: %s" % (step, text)}, commit=False)


class Mirroring:
    """Feeds a mirror, if there is one, and drops it for good when it fails."""

    def __init__(self, mirror: Optional[Mirror], report: Report) -> None:
        self._mirror = mirror
        self._report = report

    @property
    def is_on(self) -> bool:
        """Whether there is one."""
        return self._mirror is not None

    def step(self, told: StepReport) -> None:
        """Shows the scalars of a step whose turn it is."""
        if self._mirror is not None and told.step % self._mirror.every == 0:
            values = {
                "loss": told.loss,
                "gradient_norm": told.gradient_norm,
                "learning_rate": told.learning_rate,
                "learning_rate_scale": told.learning_rate_scale,
                "max_attention_logit": told.max_attention_logit,
                "hook_ms": told.hook_micros / 1000.0,
            }
            measured = {name: value for name, value in values.items() if not math.isnan(value)}
            self._show(lambda mirror: mirror.scalars(told.step, measured))

    def settled(self, kind: str, answer: Message) -> None:
        """Shows what became of a command."""
        if self._mirror is not None:
            self._show(lambda mirror: mirror.event(answer["step"], _sentence(kind, answer)))

    def _show(self, show: Any) -> None:
        try:
            show(self._mirror)
        except Exception as error:
            self._report.warn("training goes on without the guard's mirror: %s: %s" % (type(error).__name__, error))
            self._mirror = None


def _sentence(kind: str, answer: Message) -> str:
    what = " ".join(filter(None, (kind, answer["id"])))
    if answer["type"] == "APPLIED":
        return "%s was applied" % what
    return "%s was not applied, %s: %s" % (what, answer["status"], answer["reason"])
