"""Hooks on modules that are registered only while a step is to be sampled: other steps do not pay for them."""

import inspect
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

import torch
from torch import nn

from instability_guard.report import Report

Before = Callable[[Tuple[Any, ...], Mapping[str, Any]], None]
After = Callable[[Tuple[Any, ...], Mapping[str, Any], Any], None]

_WITH_KEYWORDS = "with_kwargs" in inspect.signature(nn.Module.register_forward_hook).parameters
_KEYWORDS: Any = {"with_kwargs": True} if _WITH_KEYWORDS else {}


class _Tapped(NamedTuple):
    module: nn.Module
    before: Optional[Before]
    after: Optional[After]


class Taps:
    """Observers of forward passes in training mode with gradients enabled; evaluation passes go by unseen.

    An observer gets the positional arguments, the keyword arguments (none before torch 2.0) and, after the pass, the
    output; it runs under `torch.no_grad` and its errors are reported, not raised. Inside a compiled graph nothing is
    observed and nothing is slowed. A copy (deepcopy, pickle) of a tapped module is not tapped.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tapped: List[_Tapped] = []
        self._handles: List[Any] = []

    def add(self, module: nn.Module, before: Optional[Before] = None, after: Optional[After] = None) -> None:
        """Lets `before` and `after` observe `module` from the next `install` on."""
        self._tapped.append(_Tapped(module, before, after))

    def install(self) -> None:
        """Registers the hooks, unless they are."""
        if self._handles:
            return
        for module, before, after in self._tapped:
            if before is not None:
                tap = _Tap(module, before, self._report)
                self._handles.append(module.register_forward_pre_hook(tap, **_KEYWORDS))
            if after is not None:
                tap = _Tap(module, after, self._report)
                self._handles.append(module.register_forward_hook(tap, **_KEYWORDS))

    def remove(self) -> None:
        """Takes the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


class _Tap:
    """One hook, which never changes what passes."""

    def __init__(self, module: nn.Module, observer: Callable[..., None], report: Report) -> None:
        self._module = module
        self._observer = observer
        self._report = report

    def __call__(self, module: nn.Module, *passed: Any) -> None:
        if _is_compiling() or module is not self._module or not (module.training and torch.is_grad_enabled()):
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
