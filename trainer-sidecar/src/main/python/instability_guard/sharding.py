"""Weights of which each rank holds a part (FSDP2's `fully_shard`, tensor-parallel linears): where the parts lie.

A part is a rectangle of the whole matrix, in the orientation of its slot. It is known without asking any other rank,
from the placements of the `DTensor`. What cannot be told apart into rectangles is refused, with the reason.
"""

from typing import Any, Iterator, List, NamedTuple, Sequence, Tuple

from torch import Tensor, nn

from instability_guard.matrices import TrackedMatrix, clean_path

_PLACEMENTS = ("Shard", "Replicate")
_FLAT = "FSDP1 keeps it in a flat parameter: use torch.distributed.fsdp.fully_shard instead"


class Part(NamedTuple):
    """A rectangle of a matrix: its first row and column, and how many of each."""

    row: int
    column: int
    rows: int
    columns: int

    @property
    def area(self) -> int:
        """Entries in it."""
        return self.rows * self.columns

    def of(self, whole: Tensor) -> Tensor:
        """The view of this rectangle."""
        return whole[self.row : self.row + self.rows, self.column : self.column + self.columns]


def is_sharded(parameter: Tensor) -> bool:
    """Whether it is a `DTensor`, be it sharded or replicated."""
    return hasattr(parameter, "placements") and hasattr(parameter, "to_local")


def refusal(parameter: Tensor) -> str:
    """Why a parameter cannot be measured as a whole matrix; empty when it can."""
    if not is_sharded(parameter):
        return ""
    unknown = sorted({type(each).__name__ for each in placements(parameter)} - set(_PLACEMENTS))
    return "its placement %s is not one that the guard can put together" % ", ".join(unknown) if unknown else ""


def placements(parameter: Any) -> Sequence[Any]:
    """How a `DTensor` is laid out over its mesh."""
    laid_out: Sequence[Any] = parameter.placements
    return laid_out


def local_part(matrix: TrackedMatrix) -> Tuple[Part, Tensor]:
    """What this rank holds of a matrix: where it lies, and a live view of it; `ValueError` when it has changed."""
    if not is_sharded(matrix.parameter):
        return Part(0, 0, matrix.rows, matrix.columns), matrix.live()
    sharded: Any = matrix.parameter
    local, (row, column) = sharded.detach().to_local(), _offset(sharded)
    if matrix.transposed:
        local, row, column = local.t(), column, row
    first = max(row, matrix.start)
    last = max(first, min(row + local.shape[0], matrix.start + matrix.rows))
    part = Part(first - matrix.start, column, last - first, local.shape[1])
    return part, local[first - row : last - row]


def state_part(matrix: TrackedMatrix, state: Tensor) -> Tensor:
    """The view of this rank's part of optimizer state that is laid out like the parameter."""
    if not is_sharded(state):
        return matrix.part_of(state)
    local: Any = state
    held = local.to_local()
    (row, column), start = _offset(local), matrix.start
    if matrix.transposed:
        held, row = held.t(), column
    return held[max(row, start) - row : max(0, min(row + held.shape[0], start + matrix.rows) - row)]


def is_tiled(parts: Sequence[Part], rows: int, columns: int) -> bool:
    """Whether rectangles cover a matrix, each entry once."""
    inside = all(
        0 <= part.row <= rows - part.rows and 0 <= part.column <= columns - part.columns and part.area for part in parts
    )
    apart = all(not _overlap(a, b) for index, a in enumerate(parts) for b in parts[:index])
    return inside and apart and sum(part.area for part in parts) == rows * columns


def flat_parameters(model: nn.Module) -> List[Tuple[str, str]]:
    """What the older `FullyShardedDataParallel` has taken out of the model's hands: (path of the module, reason)."""
    return [(path, _FLAT) for path in _flat_modules(model)]


def _flat_modules(model: nn.Module) -> Iterator[str]:
    for path, module in model.named_modules():
        if any(kind.__name__ == "FullyShardedDataParallel" for kind in type(module).__mro__):
            yield clean_path(path)


def _offset(sharded: Any) -> Tuple[int, int]:
    from torch.distributed.tensor import _utils

    offset = _utils.compute_local_shape_and_global_offset(sharded.shape, sharded.device_mesh, sharded.placements)[1]
    return int(offset[0]), int(offset[1])


def _overlap(a: Part, b: Part) -> bool:
    return (
        a.row < b.row + b.rows
        and b.row < a.row + a.rows
        and a.column < b.column + b.columns
        and b.column < a.column + a.columns
    )
