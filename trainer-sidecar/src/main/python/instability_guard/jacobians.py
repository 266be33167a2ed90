"""Exact Jacobians of residual blocks: their norms, how they align, and the norm of their product.

A block's Jacobian maps a change of the stream entering it, of one whole sequence, to the change of the stream leaving
it (MSign, arXiv 2602.01734, definitions 3.1 and 3.2). It is never formed: products with it and with its transpose come
from one forward pass of the block, differentiated twice, and Golub-Kahan bidiagonalisation with full
reorthogonalisation finds the top singular triple (it needs the same products as power iteration, and fewer).

Taken at the weights after the sampled step, on the input that the block had in it: one sequence of at most 128
positions. A dropout mask is drawn once, from a state of the generator that is put back. Parameters get no gradient.
"""

import contextlib
import math
from typing import Any, Callable, ContextManager, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch

from instability_guard.blocks import Block
from instability_guard.omissions import Omissions
from instability_guard.sequences import Sequences, SequencesSeen, batch_dimension, first_sequence
from instability_guard.snapshots import entering_stream, leaving_stream
from instability_guard.taps import Taps

MOST_POSITIONS = 128
MOST_STEPS = 40
TOLERANCE = 1e-3

_Map = Callable[[torch.Tensor], torch.Tensor]


class TopSingular(NamedTuple):
    """Largest singular value with its left and right vector; `residual` is the relative error of the triple."""

    norm: float
    left: torch.Tensor
    right: torch.Tensor
    residual: float


class BlockCall(NamedTuple):
    """What a block was called with, cut to one sequence; the stream itself is apart."""

    block: Block
    stream: torch.Tensor
    arguments: Tuple[Any, ...]
    keywords: Mapping[str, Any]


class Jacobian:
    """The Jacobian of one call of a block, as two maps on flat vectors of the stream's size."""

    def __init__(self, call: BlockCall) -> None:
        """Runs the block once; `ValueError` when it does not map the stream to one of the same shape."""
        stream = call.stream.detach().clone().requires_grad_()
        devices = [stream.device] if stream.is_cuda else []
        with torch.random.fork_rng(devices), torch.enable_grad(), _differentiable_attention():
            leaving = leaving_stream(_forward(call, stream))
            if leaving is None or leaving.shape != stream.shape:
                raise ValueError("it does not map the stream to one of the same shape")
            self._seed = torch.zeros_like(leaving, requires_grad=True)
            (self._pulled,) = torch.autograd.grad(leaving, stream, self._seed, create_graph=True)
        self._stream = stream
        self._leaving = leaving

    @property
    def size(self) -> int:
        """Entries of the stream."""
        return self._stream.numel()

    def apply(self, vector: torch.Tensor) -> torch.Tensor:
        """J v."""
        return self._derivative(self._pulled, self._seed, vector)

    def transpose(self, vector: torch.Tensor) -> torch.Tensor:
        """J^T u."""
        return self._derivative(self._leaving, self._stream, vector)

    def _derivative(self, of: torch.Tensor, by: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        direction = vector.to(of.dtype).view_as(of)
        (derivative,) = torch.autograd.grad(of, by, direction, retain_graph=True)
        return derivative.reshape(-1).to(vector.dtype)


def top_singular(
    apply: _Map, transpose: _Map, start: torch.Tensor, steps: int = MOST_STEPS, tolerance: float = TOLERANCE
) -> TopSingular:
    """The top singular triple of a map, from `start` (any vector that is not orthogonal to the right one).

    Stops once the residual is at most `tolerance` times the singular value; `ValueError` when something is not finite.
    """
    right: List[torch.Tensor] = [start / start.norm()]
    left: List[torch.Tensor] = []
    diagonal: List[float] = []
    above: List[float] = []
    for _ in range(steps):
        u, alpha = _unit(_orthogonal(apply(right[-1]), left))
        left.append(u)
        diagonal.append(alpha)
        v, beta = _unit(_orthogonal(transpose(u), right))
        if not math.isfinite(alpha + beta):
            raise ValueError("its Jacobian is not finite")
        bidiagonal = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
        bidiagonal += torch.diag(torch.tensor(above, dtype=torch.float64), 1)
        of_left, values, of_right = torch.linalg.svd(bidiagonal)
        norm = values[0].item()
        residual = beta * abs(of_left[-1, 0].item()) / norm if norm > 0.0 else 0.0
        if residual <= tolerance or len(left) == len(start):
            break
        right.append(v)
        above.append(beta)
    return TopSingular(norm, _combine(left, of_left[:, 0]), _combine(right, of_right[0]), residual)


class JacobianCapture:
    """Keeps what every block was called with in the last training forward pass, when Jacobians are due."""

    def __init__(self, blocks: Sequence[Block], seen: SequencesSeen, taps: Taps) -> None:
        self._blocks = blocks
        self._seen = seen
        self.is_due = False
        """Whether the next forward passes are to be captured."""
        self._calls: Dict[str, BlockCall] = {}
        self._obstacles: Dict[str, str] = {}
        for block in blocks:
            self._tap(taps, block)

    def _tap(self, taps: Taps, block: Block) -> None:
        def before(arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
            if self.is_due:
                self._take(block, arguments, keywords)

        taps.add(block.module, before)

    def clear(self) -> None:
        """Forgets what was captured; nothing is due."""
        self.is_due = False
        self._calls.clear()
        self._obstacles.clear()

    def statistics(self, omissions: Omissions) -> List[Dict[str, Any]]:
        """exactBlockNorm; exactBlockAlignment with the block before, exactBlockProductAlignment with the product of all
        before, and exactBlockLogProductNorm, the natural logarithm of the norm of the product up to this block."""
        jacobians = [self._jacobian(block, omissions) for block in self._blocks]
        tops = [self._top(block, jacobian, omissions) for block, jacobian in zip(self._blocks, jacobians)]
        found = [_statistic("exactBlockNorm", b, top.norm) for b, top in zip(self._blocks, tops) if top is not None]
        for block, top, previous in zip(self._blocks[1:], tops[1:], tops):
            if top is not None and previous is not None and len(top.right) == len(previous.left):
                found.append(_statistic("exactBlockAlignment", block, _alignment(top, previous)))
        whole = [jacobian for jacobian in jacobians if jacobian is not None]
        known = [top for top in tops if top is not None]
        if len(whole) == len(self._blocks) == len(known) and len({jacobian.size for jacobian in whole}) == 1:
            found += self._of_product(whole, known, omissions)
        return found

    def _of_product(
        self, jacobians: List[Jacobian], tops: List[TopSingular], omissions: Omissions
    ) -> List[Dict[str, Any]]:
        """Statistics of the products of the first 2, 3, … blocks, each search started from the one before."""
        product = tops[0]
        found = [_log_norm(self._blocks[0], product)]
        for last in range(1, len(jacobians)):
            found.append(_statistic("exactBlockProductAlignment", self._blocks[last], _alignment(tops[last], product)))
            apply, transpose = _composite(jacobians[: last + 1])
            try:
                product = top_singular(apply, transpose, product.right)
            except ValueError as error:
                omissions.add("product of Jacobians", self._blocks[last].path, str(error))
                return found
            _check(product, "product of Jacobians", self._blocks[last], omissions)
            found.append(_log_norm(self._blocks[last], product))
        return found

    def _take(self, block: Block, arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        try:
            self._calls[block.path] = one_sequence(block, arguments, keywords, self._seen.latest)
        except ValueError as error:
            self._obstacles[block.path] = str(error)

    def _jacobian(self, block: Block, omissions: Omissions) -> Optional[Jacobian]:
        call = self._calls.get(block.path)
        if call is None:
            reason = self._obstacles.get(block.path, "no forward pass in training mode was seen (compiled?)")
            omissions.add("exact Jacobian", block.path, reason)
            return None
        try:
            return Jacobian(call)
        except Exception as error:
            omissions.add("exact Jacobian", block.path, str(error).partition("\n")[0])
            return None

    def _top(self, block: Block, jacobian: Optional[Jacobian], omissions: Omissions) -> Optional[TopSingular]:
        if jacobian is None:
            return None
        start = torch.randn(jacobian.size, generator=torch.Generator().manual_seed(0))
        try:
            top = top_singular(jacobian.apply, jacobian.transpose, start.to(self._calls[block.path].stream.device))
        except Exception as error:
            omissions.add("exact Jacobian", block.path, str(error).partition("\n")[0])
            return None
        _check(top, "exact Jacobian", block, omissions)
        return top


def one_sequence(
    block: Block, arguments: Tuple[Any, ...], keywords: Mapping[str, Any], seen: Optional[Sequences]
) -> BlockCall:
    """The call with every tensor cut to the first sequence and at most 128 positions; `ValueError` when that fails.

    Dimensions as long as the batch (first ones) or the sequence are cut; caches of keys and values are left out.
    """
    stream = entering_stream(arguments, keywords)
    if stream is None:
        raise ValueError("its first argument is no plain tensor")
    sequence = first_sequence(stream.detach(), seen, MOST_POSITIONS).to(getattr(torch, block.dtype)).clone()
    dimension = batch_dimension(stream, seen)
    is_flat = dimension < 0
    lengths = seen if is_flat and seen else Sequences(stream.shape[dimension], stream.shape[1 - dimension])
    rest = tuple(_cut(value, lengths, is_flat, str(place)) for place, value in enumerate(arguments[1:], 1))
    named = {name: _cut(value, lengths, is_flat, name) for name, value in keywords.items() if name != "hidden_states"}
    return BlockCall(block, sequence, rest, named)


def _cut(value: Any, lengths: Sequences, is_flat: bool, name: str) -> Any:
    if isinstance(value, torch.Tensor):
        return _cut_tensor(value.detach(), lengths, is_flat)
    if isinstance(value, (tuple, list)):
        return type(value)([_cut(item, lengths, is_flat, name) for item in value])
    if type(value) is int and is_flat and value == lengths.batch:
        return 1
    if value is None or isinstance(value, (int, float, str, torch.dtype)):
        return value
    if "Cache" in type(value).__name__ or "past" in name or "cache" in name:
        return None
    raise ValueError("its argument %s is a %s" % (name, type(value).__name__))


def _cut_tensor(value: torch.Tensor, lengths: Sequences, is_flat: bool) -> torch.Tensor:
    kept = min(lengths.time, MOST_POSITIONS)
    if is_flat and value.dim() and len(value) == lengths.batch * lengths.time:
        return value[:kept]
    for dimension, length in enumerate(value.shape):
        if dimension == 0 and length == lengths.batch:
            value = value[:1]
        elif length == lengths.time:
            value = value.narrow(dimension, 0, kept)
    return value


def _forward(call: BlockCall, stream: torch.Tensor) -> Any:
    """Past the hooks of the block and out of a compiled graph."""
    module = getattr(call.block.module, "_orig_mod", call.block.module)
    return module.forward(stream, *call.arguments, **call.keywords)


def _differentiable_attention() -> ContextManager[Any]:
    """Fused attention has no second derivative."""
    attention = getattr(torch.nn, "attention", None)
    if hasattr(attention, "sdpa_kernel"):
        return attention.sdpa_kernel(attention.SDPBackend.MATH)  # type: ignore[union-attr, no-any-return]
    older = getattr(torch.backends.cuda, "sdp_kernel", None)
    return older(enable_flash=False, enable_mem_efficient=False) if older else contextlib.nullcontext()


def _composite(jacobians: List[Jacobian]) -> Tuple[_Map, _Map]:
    def apply(vector: torch.Tensor) -> torch.Tensor:
        for jacobian in jacobians:
            vector = jacobian.apply(vector)
        return vector

    def transpose(vector: torch.Tensor) -> torch.Tensor:
        for jacobian in reversed(jacobians):
            vector = jacobian.transpose(vector)
        return vector

    return apply, transpose


def _orthogonal(vector: torch.Tensor, basis: Sequence[torch.Tensor]) -> torch.Tensor:
    """Without its components in the orthonormal basis, taken away twice."""
    if basis:
        rows = torch.stack(list(basis))
        for _ in range(2):
            vector = vector - (rows @ vector) @ rows
    return vector


def _unit(vector: torch.Tensor) -> Tuple[torch.Tensor, float]:
    norm = vector.norm().item()
    return (vector / norm if norm > 0.0 else vector), norm


def _combine(basis: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
    return weights[: len(basis)].to(basis[0]) @ torch.stack(list(basis))


def _alignment(upper: TopSingular, lower: TopSingular) -> float:
    """|<top right vector of the upper map, top left vector of the lower>|."""
    return abs(torch.dot(upper.right, lower.left.to(upper.right)).item())


def _check(top: TopSingular, what: str, block: Block, omissions: Omissions) -> None:
    if top.residual > TOLERANCE:
        omissions.add(what, block.path, "did not converge in %d steps, its statistics are approximate" % MOST_STEPS)


def _log_norm(block: Block, product: TopSingular) -> Dict[str, Any]:
    return _statistic("exactBlockLogProductNorm", block, math.log(product.norm) if product.norm > 0.0 else -math.inf)


def _statistic(metric: str, block: Block, value: float) -> Dict[str, Any]:
    return {"metric": metric, "layer": block.path, "depth": block.depth, "values": [value]}
