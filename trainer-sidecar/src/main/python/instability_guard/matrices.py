"""Which weights of a model are tracked, and how each of them is read and replaced.

Tracked by default: every floating 2-D parameter but token and positional embeddings (modules of type `nn.Embedding`,
weights tied to one, embedding-like names) and the projection to the vocabulary. A weight that several modules share
is tracked once. Frozen parameters are tracked (their spectrum is part of the picture) but never repaired.

A matrix is always rows = outputs x columns = inputs, whatever the layout of the parameter: Conv1D weights (inputs x
outputs) are transposed on the way. Weights that hold query, key and value one after the other are split at these
boundaries. Weights that interleave them per head (`query_key_value`) are one matrix of role OTHER.
"""

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import torch
from torch import nn

from instability_guard import roles
from instability_guard.staging import ITEM_SIZES, SlotShape

_HELLO_BUDGET = 700_000
_HELLO_BYTES_PER_MATRIX = 200


@dataclass(frozen=True)
class TrackedMatrix:
    """One weight, or one slice of a fused one: parameter rows (or columns) `start` to `start + rows`."""

    index: int
    name: str
    role: str
    depth: int
    rows: int
    columns: int
    dtype: str
    parameter: torch.Tensor
    start: int
    transposed: bool

    @property
    def shape(self) -> SlotShape:
        """Shape of the slot."""
        return SlotShape(self.rows, self.columns, self.dtype)

    @property
    def is_frozen(self) -> bool:
        """Frozen weights are measured, never repaired."""
        return not self.parameter.requires_grad

    def live(self) -> torch.Tensor:
        """A rows x columns view of the live weight; `ValueError` when the parameter was changed underneath."""
        weight = self.parameter.detach()
        whole = self.part_of(weight)
        if whole.shape != (self.rows, self.columns) or dtype_name(whole) != self.dtype:
            raise ValueError("%s is now %s %s" % (self.name, tuple(weight.shape), weight.dtype))
        return whole

    def part_of(self, laid_out_alike: torch.Tensor) -> torch.Tensor:
        """The view of a tensor of the parameter's layout (its optimizer state, say) that belongs to this matrix."""
        upright = laid_out_alike.t() if laid_out_alike.dim() == 2 and self.transposed else laid_out_alike
        return upright[self.start : self.start + self.rows]


class Tracking(NamedTuple):
    """The tracked matrices, in the order of their slots, and what was left out: (parameter path, reason)."""

    matrices: List[TrackedMatrix]
    left_out: List[Tuple[str, str]]


def track(
    model: nn.Module,
    include: Optional[Sequence[str]] = None,
    exclude: Sequence[str] = (),
    role_overrides: Optional[Mapping[str, str]] = None,
) -> Tracking:
    """Chooses the weights to track.

    `include` (shell patterns on parameter paths) replaces the default choice and may name embeddings and heads;
    `exclude` is taken away from it; `role_overrides` maps patterns to a role, or to "QKV" for three equal slices.
    """
    matrices: List[TrackedMatrix] = []
    left_out: List[Tuple[str, str]] = []
    budget = _HELLO_BUDGET
    for path, module, parameter in _candidates(model, include, exclude):
        if dtype_name(parameter) not in ITEM_SIZES or parameter.is_meta or parameter.layout != torch.strided:
            left_out.append((path, "%s on %s is not supported" % (parameter.dtype, parameter.device)))
            continue
        for matrix in _slices(path, module, parameter, role_overrides or {}):
            budget -= _HELLO_BYTES_PER_MATRIX + len(matrix.name.encode())
            if budget < 0:
                left_out.append((matrix.name, "too many matrices: narrow the choice with include or exclude"))
            else:
                matrices.append(replace(matrix, index=len(matrices)))
    return Tracking(matrices, left_out)


def dtype_name(tensor: torch.Tensor) -> str:
    """`float32` for `torch.float32`."""
    return str(tensor.dtype).replace("torch.", "")


def _candidates(
    model: nn.Module, include: Optional[Sequence[str]], exclude: Sequence[str]
) -> Iterator[Tuple[str, nn.Module, torch.Tensor]]:
    """Path, owner and tensor of each chosen 2-D parameter, shared ones once."""
    modules = dict(model.named_modules())
    embeddings = {id(m.weight) for m in modules.values() if isinstance(m, (nn.Embedding, nn.EmbeddingBag))}
    for full_path, parameter in model.named_parameters():
        path = clean_path(full_path)
        chosen = _matches(path, include) if include is not None else _is_default(path, parameter, embeddings)
        if parameter.dim() == 2 and parameter.numel() > 0 and chosen and not _matches(path, exclude):
            yield path, modules[full_path.rpartition(".")[0]], parameter


def _is_default(path: str, parameter: torch.Tensor, embeddings: Set[int]) -> bool:
    return id(parameter) not in embeddings and not roles.is_embedding_name(path) and not roles.is_head_name(path)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def clean_path(path: str) -> str:
    """The path without the names that DistributedDataParallel and torch.compile put around a model."""
    path = path.replace("_orig_mod.", "")
    return path[len("module.") :] if path.startswith("module.") else path


def _slices(
    path: str, module: nn.Module, parameter: torch.Tensor, overrides: Mapping[str, str]
) -> Iterator[TrackedMatrix]:
    """The matrix, or the slices of a fused one; their index is given later."""
    rows, columns, transposed = orientation(module, parameter)
    override = next((role for pattern, role in overrides.items() if fnmatchcase(path, pattern)), None)
    role = override or roles.role_of(path, rows, columns)
    parts: Dict[str, int] = {role: rows}
    if role == roles.FUSED:
        parts = _boundaries(rows, columns, equal=override is not None)
    start = 0
    for part, height in parts.items():
        name = path if len(parts) == 1 else "%s[%s]" % (path, part.lower())
        depth, dtype = roles.depth_of(path), dtype_name(parameter)
        yield TrackedMatrix(-1, name, part, depth, height, columns, dtype, parameter, start, transposed)
        start += height


def orientation(module: nn.Module, parameter: torch.Tensor) -> Tuple[int, int, bool]:
    """Outputs, inputs, and whether the 2-D parameter has them the other way round."""
    transposed = type(module).__name__ == "Conv1D" and hasattr(module, "nf")
    rows, columns = parameter.shape[::-1] if transposed else parameter.shape
    return rows, columns, transposed


def _boundaries(rows: int, columns: int, equal: bool) -> Dict[str, int]:
    """Heights of query, key and value: a square query with narrower key and value (grouped heads), or equal."""
    if not equal and columns < rows < 3 * columns and (rows - columns) % 2 == 0:
        narrow = (rows - columns) // 2
        return {roles.QUERY: columns, roles.KEY: narrow, roles.VALUE: narrow}
    if rows % 3 == 0:
        return {roles.QUERY: rows // 3, roles.KEY: rows // 3, roles.VALUE: rows // 3}
    return {roles.OTHER: rows}
