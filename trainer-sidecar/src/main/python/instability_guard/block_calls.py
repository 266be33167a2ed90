"""What a block was called with, cut down to one short sequence, so that it can be called again alone."""

from typing import Any, Mapping, NamedTuple, Optional, Tuple

import torch

from instability_guard.blocks import Block
from instability_guard.sequences import Sequences, batch_dimension, first_sequence
from instability_guard.snapshots import entering_stream

MOST_POSITIONS = 128


class BlockCall(NamedTuple):
    """What a block was called with, cut to one sequence; the stream itself is apart."""

    block: Block
    stream: torch.Tensor
    arguments: Tuple[Any, ...]
    keywords: Mapping[str, Any]


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
