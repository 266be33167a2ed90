"""Residual snapshots: what enters and leaves every block, for a sample of the tokens of one forward pass.

Token i is the same one in every snapshot of a step. Each is copied on its own device, in stream order, so the forward
pass waits for nothing; memory there is bounded like the slots (`byte_limit`), and freed once they are staged.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch

from instability_guard.blocks import Block
from instability_guard.omissions import Omissions
from instability_guard.report import Report
from instability_guard.staging import ITEM_SIZES, SlotShape
from instability_guard.taps import Taps

MOST_TOKENS = 2048
TOKENS_PER_WIDTH = 4
FEWEST_TOKENS_PER_WIDTH = 2
WIDEST = 1 << 16


class Snapshot(NamedTuple):
    """The pair of slots of one block: entering and leaving residual stream, each `tokens` x `width`."""

    index: int
    block: str
    depth: int
    width: int
    tokens: int
    dtype: str

    @property
    def shape(self) -> SlotShape:
        """Shape of either slot."""
        return SlotShape(self.tokens, self.width, self.dtype)


class _Pair(NamedTuple):
    entering: torch.Tensor
    leaving: torch.Tensor


def plan_snapshots(
    blocks: Sequence[Block], tokens: Optional[int], byte_limit: int, report: Report
) -> List[Tuple[Snapshot, Block]]:
    """A snapshot for every block whose width is known; none, with a warning, when `byte_limit` leaves too few tokens.

    `tokens` defaults to min(2048, 4 * width). To fit the limit it shrinks, but not below 2 * width (or below what was
    asked for, where that is less): fewer tokens than twice the width determine no linear map.
    """
    known = [block for block in blocks if 0 < block.width <= WIDEST]
    wanted = [min(MOST_TOKENS, TOKENS_PER_WIDTH * block.width) if tokens is None else tokens for block in known]
    needed = sum(2 * count * block.width * ITEM_SIZES[block.dtype] for count, block in zip(wanted, known))
    share = min(1.0, byte_limit / needed) if needed else 1.0
    counts = [int(count * share) for count in wanted]
    if any(n < min(w, FEWEST_TOKENS_PER_WIDTH * block.width) for n, w, block in zip(counts, wanted, known)):
        report.warn(
            "no residual snapshots: %d bytes are too few for %d blocks, raise snapshot_bytes" % (byte_limit, len(known))
        )
        return []
    return [
        (Snapshot(index, block.path, block.depth, block.width, count, block.dtype), block)
        for index, (count, block) in enumerate(zip(counts, known))
    ]


class SnapshotCapture:
    """Keeps the last pair of each block that a training forward pass left behind."""

    def __init__(self, planned: Sequence[Tuple[Snapshot, Block]], taps: Taps) -> None:
        self.snapshots = [snapshot for snapshot, _ in planned]
        self._seed = 0
        self._positions: Dict[Tuple[int, int, torch.device], torch.Tensor] = {}
        self._entered: Dict[int, Tuple[torch.Size, torch.Tensor]] = {}
        self._pairs: Dict[int, _Pair] = {}
        self._obstacles: Dict[int, str] = {}
        for snapshot, block in planned:
            self._tap(taps, snapshot, block)

    def _tap(self, taps: Taps, snapshot: Snapshot, block: Block) -> None:
        def before(arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
            self._enter(snapshot, entering_stream(arguments, keywords))

        def after(arguments: Tuple[Any, ...], keywords: Mapping[str, Any], output: Any) -> None:
            self._leave(snapshot, leaving_stream(output))

        taps.add(block.module, before, after)

    def clear(self, seed: int) -> None:
        """Forgets what was captured; the next tokens are drawn from `seed`."""
        self._seed = seed
        for kept in (self._positions, self._entered, self._pairs, self._obstacles):
            kept.clear()

    def stage(self, slots: Sequence[torch.Tensor], omissions: Omissions) -> List[int]:
        """Copies the pairs into their slots (entering, leaving, entering, …); valid rows of each, 0 when missing."""
        return [self._stage(snapshot, slots, omissions) for snapshot in self.snapshots]

    def _stage(self, snapshot: Snapshot, slots: Sequence[torch.Tensor], omissions: Omissions) -> int:
        pair = self._pairs.get(snapshot.index)
        if pair is None:
            reason = self._obstacles.get(snapshot.index, "no forward pass in training mode was seen (compiled?)")
            omissions.add("residual snapshot", snapshot.block, reason)
            return 0
        rows = len(pair.entering)
        slots[2 * snapshot.index][:rows].copy_(pair.entering)
        slots[2 * snapshot.index + 1][:rows].copy_(pair.leaving)
        return rows

    def _enter(self, snapshot: Snapshot, stream: Optional[torch.Tensor]) -> None:
        self._entered.pop(snapshot.index, None)
        if stream is None:
            self._obstacles[snapshot.index] = "its first argument is no plain tensor"
        elif stream.dim() < 2 or stream.shape[-1] != snapshot.width:
            self._obstacles[snapshot.index] = "its stream is %s, not %d wide" % (tuple(stream.shape), snapshot.width)
        else:
            self._entered[snapshot.index] = stream.shape, self._sampled(stream, snapshot)

    def _leave(self, snapshot: Snapshot, stream: Optional[torch.Tensor]) -> None:
        shape, entering = self._entered.pop(snapshot.index, (None, None))
        if entering is None:
            return
        if stream is None:
            self._obstacles[snapshot.index] = "its output is no plain tensor"
        elif stream.shape != shape:
            self._obstacles[snapshot.index] = "it turns %s into %s" % (tuple(shape or ()), tuple(stream.shape))
        else:
            self._pairs[snapshot.index] = _Pair(entering, self._sampled(stream, snapshot))

    def _sampled(self, stream: torch.Tensor, snapshot: Snapshot) -> torch.Tensor:
        tokens = stream.detach().reshape(-1, snapshot.width)
        if len(tokens) <= snapshot.tokens:
            return tokens.clone()
        key = len(tokens), snapshot.tokens, tokens.device
        if key not in self._positions:
            self._positions[key] = _on(tokens.device, spread(len(tokens), snapshot.tokens, self._seed))
        return tokens.index_select(0, self._positions[key])


def entering_stream(arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> Optional[torch.Tensor]:
    """A block's first positional argument, else `hidden_states`; None unless it is a plain tensor."""
    return _plain(arguments[0] if arguments else keywords.get("hidden_states"))


def leaving_stream(output: Any) -> Optional[torch.Tensor]:
    """A block's output, or the first of several; None unless it is a plain tensor."""
    return _plain(output[0] if isinstance(output, (tuple, list)) and output else output)


def spread(total: int, count: int, seed: int) -> torch.Tensor:
    """`count` of `total` positions, ascending and distinct: one drawn from each of `count` equal stretches."""
    edges = torch.arange(count + 1).mul_(total).div_(count, rounding_mode="floor")
    generator = torch.Generator().manual_seed(seed)
    within = torch.rand(count, generator=generator, dtype=torch.float64) * (edges[1:] - edges[:-1])
    return edges[:-1] + within.long()


def _on(device: torch.device, positions: torch.Tensor) -> torch.Tensor:
    """The same positions there, without waiting for the device."""
    if device.type != "cuda":
        return positions.to(device)
    return positions.pin_memory().to(device, non_blocking=True)


def _plain(value: Any) -> Optional[torch.Tensor]:
    is_plain = type(value) in (torch.Tensor, torch.nn.Parameter) and value.is_floating_point()
    return value if is_plain and value.layout == torch.strided else None
