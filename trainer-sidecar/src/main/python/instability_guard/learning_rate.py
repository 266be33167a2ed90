"""The guard's factor on the learning rate: in force only while `optimizer.step()` runs.

Schedulers, loggers and checkpoints therefore see the values that they set themselves, and the factor composes with
any of them. `step` is wrapped on the instance, so that the rate is restored even when the step raises; where torch
offers step hooks (2.x) they are registered too, for callers that kept the unwrapped method.
"""

import functools
import math
import types
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import torch
from torch.optim import Optimizer

from instability_guard.effects import Effect, NotApplied, Occasion

LOWEST_SCALE = 1e-9
"""No sequence of commands brings the scale to zero, from where nothing would grow back."""

_Placed = List[Tuple[Dict[str, Any], Any, Any]]


class LearningRateScale:
    """The factor `scale` in (0, 1] on every learning rate of the given optimizers."""

    def __init__(
        self, optimizers: Sequence[Optimizer], before_step: Callable[[Optimizer], None] = lambda optimizer: None
    ) -> None:
        """Installs itself, and `before_step` to be called before every step; `uninstall` takes both away."""
        self.scale = 1.0
        self._before_step = before_step
        self._regrowth = 1.0
        self._hold = 0.0
        self._last: Dict[int, Tuple[float, float]] = {}
        self._effective: Optional[Tuple[float, float]] = None
        self._placed: Dict[int, _Placed] = {}
        self._optimizers = list(optimizers)
        self._undo = [undo for optimizer in optimizers for undo in self._install(optimizer)]

    @property
    def is_usable(self) -> bool:
        """Whether any group has a learning rate to scale."""
        groups = (group for optimizer in self._optimizers for group in optimizer.param_groups)
        return any(_is_rate(group.get("lr")) for group in groups)

    def apply(self, parameters: Mapping[str, float]) -> None:
        """scale = max(floor, scale * factor), never a rise.

        After `recoverAfterSteps` steps at that scale it grows by the factor `regrowthPerStep` at every step.
        """
        lowered = max(parameters.get("floor", 0.0), self.scale * parameters["factor"], LOWEST_SCALE)
        self.scale = min(self.scale, lowered)
        self._regrowth = parameters.get("regrowthPerStep", 1.0)
        self._hold = parameters.get("recoverAfterSteps", 0.0)

    def regrow(self) -> None:
        """One step of regrowth, up to 1."""
        if self._hold > 0.0:
            self._hold -= 1.0
        elif self.scale < 1.0:
            self.scale = min(1.0, self.scale * self._regrowth)

    @property
    def course(self) -> Tuple[float, float, float]:
        """The scale and where it is going: what `restore` takes."""
        return self.scale, self._regrowth, self._hold

    def restore(self, course: Tuple[float, float, float]) -> None:
        """The scale as it was, bit for bit, and its regrowth; a scale that has grown past it since stays."""
        scale, self._regrowth, self._hold = course
        self.scale = max(self.scale, scale)

    def effective(self) -> Tuple[float, float]:
        """The largest learning rate of the last optimizer step, scale included, and that scale; NaN at first."""
        return self._effective or (math.nan, self.scale)

    def uninstall(self) -> None:
        """Restores the optimizers; where something wrapped `step` after us, ours stays inside without effect."""
        self.scale = 1.0
        for undo in self._undo:
            undo()
        self._undo = []

    def _install(self, optimizer: Optimizer) -> List[Callable[[], None]]:
        undo = [self._wrap(optimizer)]
        if hasattr(optimizer, "register_step_pre_hook"):
            undo.append(optimizer.register_step_pre_hook(lambda o, args, kwargs: self._scale(o)).remove)
            undo.append(optimizer.register_step_post_hook(lambda o, args, kwargs: self._restore(o)).remove)
        return undo

    def _wrap(self, optimizer: Optimizer) -> Callable[[], None]:
        inner = optimizer.step
        was_on_instance = "step" in vars(optimizer)

        @functools.wraps(inner)
        def step(self_: Optimizer, *args: Any, **kwargs: Any) -> Any:
            self._scale(self_)
            try:
                return inner(*args, **kwargs)
            finally:
                self._restore(self_)

        # A bound method, with the attributes of the one inside: what schedulers expect of `optimizer.step`.
        bound = types.MethodType(step, optimizer)
        optimizer.step = bound  # type: ignore[method-assign]

        def unwrap() -> None:
            if vars(optimizer).get("step") is not bound:
                return
            if was_on_instance:
                optimizer.step = inner  # type: ignore[method-assign]
            else:
                del optimizer.step

        return unwrap

    def _scale(self, optimizer: Optimizer) -> None:
        if id(optimizer) in self._placed:
            return
        self._before_step(optimizer)
        rates = [(group, group["lr"]) for group in optimizer.param_groups if _is_rate(group.get("lr"))]
        scale = self.scale
        if rates:
            self._last[id(optimizer)] = (max(_value(rate) for _, rate in rates) * scale, scale)
            self._effective = max(self._last.values())
        self._placed[id(optimizer)] = []
        if scale < 1.0:
            for group, rate in rates:
                scaled = rate * scale
                group["lr"] = scaled
                self._placed[id(optimizer)].append((group, rate, scaled))

    def _restore(self, optimizer: Optimizer) -> None:
        for group, rate, scaled in self._placed.pop(id(optimizer), ()):
            if group.get("lr") is scaled:  # an optimizer that sets its own rate keeps it
                group["lr"] = rate


class LearningRateScaling:
    """SCALE_LEARNING_RATE. What was scaled last is undone first, so that no undoing lifts a later cut."""

    def __init__(self, rates: LearningRateScale) -> None:
        """Scales `rates`."""
        self._rates = rates
        self._in_force: List[str] = []

    def apply(self, occasion: Occasion) -> Effect:
        """Lowers the scale."""
        if not self._rates.is_usable:
            raise NotApplied("the optimizer has no learning rate")
        before = self._rates.course
        occasion.pact.conclude()
        self._rates.apply(occasion.command.parameters)
        self._in_force.append(occasion.command.id)
        undo = functools.partial(self._restore, scaled=occasion.command.id, course=before)
        return Effect({}, scales=(before[0], self._rates.scale), undo=undo)

    def _restore(self, occasion: Occasion, scaled: str, course: Tuple[float, float, float]) -> Effect:
        if self._in_force[-1] != scaled:
            raise NotApplied("the learning rate was scaled again: undo %s first" % self._in_force[-1])
        occasion.pact.conclude()
        before = self._rates.scale
        self._rates.restore(course)
        self._in_force.pop()
        return Effect({}, scales=(before, self._rates.scale))


def _is_rate(rate: Any) -> bool:
    return isinstance(rate, (float, int, torch.Tensor))


def _value(rate: Any) -> float:
    """A rate on an accelerator is not read: that would wait for the device."""
    if isinstance(rate, torch.Tensor):
        return rate.item() if rate.device.type == "cpu" else math.nan
    return float(rate)
