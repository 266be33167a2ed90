"""Residual snapshots that still hang in the graph of the forward pass: a penalty on them can be differentiated."""

from typing import Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Sequence, Tuple

import torch
from torch import Tensor

from instability_guard.blocks import Block
from instability_guard.report import Report
from instability_guard.snapshots import MOST_TOKENS, TOKENS_PER_WIDTH, entering_stream, leaving_stream, spread
from instability_guard.taps import Taps


class LiveSnapshots:
    """What entered (constant) and left (with graph) the watched blocks in the last training forward pass.

    Each is (tokens, width), row i of both the same token, at most min(2048, 4 * width) of them. Until they are taken or
    forgotten, the whole stream that left a block is kept, and the graph with it. Nothing is added to the graph within
    the forward pass, where activation checkpointing counts what is saved; its second pass, in `backward`, is not seen.
    """

    def __init__(self, blocks: Sequence[Block], report: Report) -> None:
        """Observes nothing yet."""
        self._taps = Taps(report)
        self._watched: FrozenSet[str] = frozenset()
        self._seed = 0
        self._entered: Dict[str, Tensor] = {}
        self._left: Dict[str, _Left] = {}
        for block in blocks:
            self._tap(block)

    def install(self) -> None:
        """Hooks all blocks, once for many steps: a compiled model is compiled again whenever its hooks change."""
        self._taps.install()

    def watch(self, blocks: Sequence[Block], seed: int) -> None:
        """Keeps what passes these blocks in the forward passes to come; `seed` draws the tokens."""
        self.take()
        self._watched = frozenset(block.path for block in blocks)
        self._seed = seed

    def release(self) -> None:
        """Keeps nothing, and takes the hooks away."""
        self.watch((), 0)
        self._taps.release()

    def close(self) -> None:
        """Keeps nothing, and leaves no hook."""
        self.watch((), 0)
        self._taps.remove()

    def take(self) -> List[Tuple[Tensor, Tensor]]:
        """The pairs (entering, leaving) of the last forward pass; they are given away once.

        A stream that was changed in place after it left its block is missing.
        """
        left = [each for each in self._left.values() if each.stream._version == each.version]
        self._entered.clear()
        self._left.clear()
        return [(each.entering, self._sampled(each.stream)) for each in left]

    def _tap(self, block: Block) -> None:
        def before(arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
            stream = entering_stream(arguments, keywords)
            is_watched = block.path in self._watched and not _is_in_backward()
            if is_watched and stream is not None and stream.dim() >= 2:
                self._entered[block.path] = self._sampled(stream.detach())

        def after(arguments: Tuple[Any, ...], keywords: Mapping[str, Any], output: Any) -> None:
            entering, stream = self._entered.pop(block.path, None), leaving_stream(output)
            if entering is not None and stream is not None:
                self._left[block.path] = _Left(entering, stream, stream._version)

        self._taps.add(block.module, before, after)

    def _sampled(self, stream: Tensor) -> Tensor:
        """Some rows of the stream, copied."""
        width = stream.shape[-1]
        tokens = stream.reshape(-1, width)
        limit = min(MOST_TOKENS, TOKENS_PER_WIDTH * width)
        if len(tokens) <= limit:
            return tokens.clone()
        return tokens.index_select(0, spread(len(tokens), limit, self._seed).to(stream.device))


class _Left(NamedTuple):
    """A copy of what entered a block, what left it, and how often that had been changed in place by then."""

    entering: Tensor
    stream: Tensor
    version: int


def _is_in_backward() -> bool:
    """Whether a checkpointed block is running again."""
    return bool(_graph_task() != -1)


_graph_task: Callable[[], int] = getattr(torch._C, "_current_graph_task_id", lambda: -1)
