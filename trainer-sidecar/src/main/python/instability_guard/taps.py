"""Hooks on modules that are there only while a step is to be sampled: other steps do not pay for them."""

import inspect
from typing import Any, Callable, List, Mapping, Optional, Tuple

import torch
from torch import nn

from instability_guard.report import Report

Before = Callable[[Tuple[Any, ...], Mapping[str, Any]], None]
After = Callable[[Tuple[Any, ...], Mapping[str, Any], Any], None]

_WITH_KEYWORDS = "with_kwargs" in inspect.signature(nn.Module.register_forward_hook).parameters
_KEYWORDS: Any = {"with_kwargs": True} if _WITH_KEYWORDS else {}


class Taps:
    """Observers of forward passes in training mode with gradients enabled; evaluation passes go by unseen.

    An observer gets the positional arguments, the keyword arguments (none before torch 2.0) and, after the pass, the
    output; it runs under `torch.no_grad` and its errors are reported, not raised. A copy (deepcopy, pickle) of a tapped
    module is not tapped.

    Inside a compiled graph nothing is observed, and a hook leaves no trace but the compiler's guard that it is there:
    one that was installed and not run is therefore left where it is, so that nothing is compiled again.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._taps: List[_Tap] = []

    def add(self, module: nn.Module, before: Optional[Before] = None, after: Optional[After] = None) -> None:
        """Lets `before` and `after` observe `module` from the next `install` on."""
        if before is not None:
            self._taps.append(_Tap(module, before, module.register_forward_pre_hook, self._report))
        if after is not None:
            self._taps.append(_Tap(module, after, module.register_forward_hook, self._report))

    def install(self) -> None:
        """Starts to observe."""
        for tap in self._taps:
            tap.install()

    def release(self) -> None:
        """Observes nothing any more; takes the hooks away that have run."""
        for tap in self._taps:
            tap.is_armed = False
            if tap.has_run:
                tap.remove()

    def remove(self) -> None:
        """Takes all hooks away."""
        for tap in self._taps:
            tap.is_armed = False
            tap.remove()


class _Tap:
    """One hook, which never changes what passes."""

    def __init__(
        self, module: nn.Module, observer: Callable[..., None], register: Callable[..., Any], report: Report
    ) -> None:
        self.is_armed = False
        self.has_run = False
        self._module = module
        self._observer = observer
        self._register = register
        self._report = report
        self._handle: Optional[Any] = None

    def install(self) -> None:
        self.is_armed = True
        self.has_run = False
        if self._handle is None:
            self._handle = self._register(self, **_KEYWORDS)

    def remove(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.remove()

    def __call__(self, module: nn.Module, *passed: Any) -> None:
        if _is_compiling():
            return
        self.has_run = True
        if not self.is_armed or module is not self._module or not (module.training and torch.is_grad_enabled()):
            return
        try:
            if not _is_capturing():
                with torch.no_grad():
                    self._observer(*(passed if _WITH_KEYWORDS else (passed[0], {}, *passed[1:])))
        except Exception as error:
            self._report.error(error)

    def __reduce__(self) -> Any:
        return _untapped, ()


def _untapped() -> Callable[..., None]:
    return _ignore


def _ignore(module: nn.Module, *passed: Any) -> None:
    """The hook of a copy."""


def _never() -> bool:
    return False


_is_compiling: Callable[[], bool] = getattr(getattr(torch, "compiler", None), "is_compiling", _never)


def _is_capturing() -> bool:
    """Whether a CUDA graph is being recorded, into which nothing of ours belongs."""
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()
