"""Which weights of a model are tracked, and how each of them is read and replaced.

Tracked by default: every floating 2-D parameter but biases, token and positional embeddings (modules of type
`nn.Embedding`, weights tied to one, embedding-like names) and the projection to the vocabulary; and each matrix of a
3-D stack of experts. A weight that several modules share is tracked once.

Measured but never rewritten (`TrackedMatrix.obstacle`) are

- frozen parameters: they may be unfrozen later, and what is trained is judged beside them;
- LoRA adapters, as the product of their factors: many pairs of factors have the same product, so that a new product
  tells neither the factors nor what becomes of their moments, and could not be undone exactly.

A matrix is always rows = outputs x columns = inputs, whatever the layout of the parameter: Conv1D weights (inputs x
outputs) are transposed on the way, and so are experts whose module says `is_transposed`. (Where it does not say so and
they are, rows and columns are exchanged; singular values and polar factors are the same.) Weights that hold query, key
and value one after the other are split at these boundaries. Weights that interleave them per head (`query_key_value`)
are one matrix of role OTHER, and gate and up projection in one weight are one matrix of role MLP_UP.
"""

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import torch
from torch import nn

from instability_guard import low_rank, roles
from instability_guard.staging import ITEM_SIZES, SlotShape

_HELLO_BUDGET = 700_000
_HELLO_BYTES_PER_MATRIX = 200


@dataclass(frozen=True)
class TrackedMatrix:
    """One weight, or one slice of a fused one: parameter rows (or columns) `start` to `start + rows`.

    `expert`: of a 3-D stack, only the matrix of this index. `right`: the matrix is the product of the slice with it.
    """

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
    expert: Optional[int] = None
    right: Optional[torch.Tensor] = None

    @property
    def shape(self) -> SlotShape:
        """Shape of the slot."""
        return SlotShape(self.rows, self.columns, self.dtype)

    @property
    def is_frozen(self) -> bool:
        """Whether it is not trained at present."""
        return not self.parameter.requires_grad

    @property
    def obstacle(self) -> Optional[str]:
        """Why it is measured but not rewritten at present; None when it may be."""
        if self.right is not None:
            return "it is a product of two factors, which a new product does not determine"
        return "it is frozen" if self.is_frozen else None

    def live(self) -> torch.Tensor:
        """The live weight, rows x columns, a view of it unless it is a product.

        `ValueError` when the parameter was changed underneath.
        """
        weight = self.parameter.detach()
        whole = self.part_of(weight)
        if self.right is not None:
            wide = getattr(torch, self.dtype)
            whole = whole.to(wide) @ self.right.detach().to(wide)
        if whole.shape != (self.rows, self.columns) or dtype_name(whole) != self.dtype:
            raise ValueError("%s is now %s %s" % (self.name, tuple(weight.shape), weight.dtype))
        return whole

    def part_of(self, laid_out_alike: torch.Tensor) -> torch.Tensor:
        """The view of a tensor of the parameter's layout (its optimizer state, say) that belongs to this matrix."""
        matrix = laid_out_alike if self.expert is None else laid_out_alike[self.expert]
        upright = matrix.t() if matrix.dim() == 2 and self.transposed else matrix
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
    sources = _sources(model, include, exclude, left_out)
    for source in sorted(sources, key=lambda source: source.expert is not None):
        for matrix in _slices(source, role_overrides or {}):
            budget -= _HELLO_BYTES_PER_MATRIX + len(matrix.name.encode())
            if budget < 0:
                left_out.append((matrix.name, "too many matrices: narrow the choice with include or exclude"))
            else:
                matrices.append(replace(matrix, index=len(matrices)))
    return Tracking(matrices, left_out)


def dtype_name(tensor: torch.Tensor) -> str:
    """`float32` for a tensor of `torch.float32`."""
    return _name(tensor.dtype)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).replace("torch.", "")


class _Source(NamedTuple):
    """A matrix before it is split: its name, the parameter whose path `path` names it to overrides, and its role."""

    name: str
    path: str
    role: str
    parameter: torch.Tensor
    rows: int
    columns: int
    transposed: bool = False
    expert: Optional[int] = None
    right: Optional[torch.Tensor] = None


def _sources(
    model: nn.Module, include: Optional[Sequence[str]], exclude: Sequence[str], left_out: List[Tuple[str, str]]
) -> List[_Source]:
    """The matrices of the chosen parameters, shared ones once; what is chosen and cannot be read is left out."""
    modules = dict(model.named_modules())
    parameters = {clean_path(path): parameter for path, parameter in model.named_parameters()}
    embeddings = {id(m.weight) for m in modules.values() if isinstance(m, (nn.Embedding, nn.EmbeddingBag))}
    sources: List[_Source] = []
    for full_path, parameter in model.named_parameters():
        path = clean_path(full_path)
        chosen = _matches(path, include) if include is not None else _is_default(path, parameter, embeddings)
        if parameter.dim() < 2 or parameter.numel() == 0 or not chosen or _matches(path, exclude):
            continue
        owner = full_path.rpartition(".")[0]
        try:
            _check_readable(parameter)
            if low_rank.is_left_factor(path):
                sources.append(_of_product(low_rank.product_at(path, parameters)))
            elif not low_rank.is_factor(path):
                is_router = _routes(owner, modules)
                sources += _of_parameter(path, modules[owner], parameter, is_router)
        except ValueError as reason:
            left_out.append((path, str(reason)))
    return sources


def _check_readable(parameter: torch.Tensor) -> None:
    if dtype_name(parameter) not in ITEM_SIZES or parameter.is_meta or parameter.layout != torch.strided:
        raise ValueError("%s on %s is not supported" % (parameter.dtype, parameter.device))


def _of_parameter(path: str, module: nn.Module, parameter: torch.Tensor, is_router: bool) -> List[_Source]:
    """One matrix, or one of every expert; `ValueError` when the parameter is neither."""
    if parameter.dim() == 2:
        rows, columns, transposed = orientation(module, parameter)
        role = roles.OTHER if is_router else roles.role_of(path, rows, columns)
        return [_Source(path, path, role, parameter, rows, columns, transposed)]
    if parameter.dim() != 3 or not roles.is_expert_name(path):
        raise ValueError("it has %d dimensions and is no stack of experts" % parameter.dim())
    _check_whole(parameter)
    transposed = getattr(module, "is_transposed", False) is True
    rows, columns = parameter.shape[:0:-1] if transposed else parameter.shape[1:]
    role = roles.role_of(path, rows, columns)
    return [
        _Source("%s[%d]" % (path, expert), path, role, parameter, rows, columns, transposed, expert)
        for expert in range(len(parameter))
    ]


def _of_product(pair: low_rank.LowRankProduct) -> _Source:
    _check_whole(pair.left)
    _check_whole(pair.right)
    rows, columns = pair.left.shape[0], pair.right.shape[1]
    role = roles.role_of(pair.adapted, rows, columns)
    return _Source(pair.name, pair.adapted, role, pair.left, rows, columns, right=pair.right)


def _check_whole(parameter: torch.Tensor) -> None:
    if hasattr(parameter, "placements"):
        raise ValueError("sharded experts and adapters are not put together")


def _routes(owner: str, modules: Mapping[str, nn.Module]) -> bool:
    """Whether the module at `owner` chooses among experts beside it: a `gate` of that kind is no gated projection."""
    around, _, leaf = owner.rpartition(".")
    return leaf in ("gate", "router") and any("expert" in name for name, _ in modules[around].named_children())


def _is_default(path: str, parameter: torch.Tensor, embeddings: Set[int]) -> bool:
    is_excluded = path.endswith("bias") or roles.is_embedding_name(path) or roles.is_head_name(path)
    return id(parameter) not in embeddings and not is_excluded


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def clean_path(path: str) -> str:
    """The path without the names that DistributedDataParallel and torch.compile put around a model."""
    path = path.replace("_orig_mod.", "")
    return path[len("module.") :] if path.startswith("module.") else path


def _slices(source: _Source, overrides: Mapping[str, str]) -> Iterator[TrackedMatrix]:
    """The matrix, or the slices of a fused one; their index is given later."""
    override = next((role for pattern, role in overrides.items() if fnmatchcase(source.path, pattern)), None)
    role = override or source.role
    parts: Dict[str, int] = {role: source.rows}
    if role == roles.FUSED:
        parts = _boundaries(source.rows, source.columns, equal=override is not None)
    whole = TrackedMatrix(
        -1,
        source.name,
        role,
        roles.depth_of(source.path),
        source.rows,
        source.columns,
        _slot_dtype(source),
        source.parameter,
        0,
        source.transposed,
        source.expert,
        source.right,
    )
    start = 0
    for part, height in parts.items():
        name = source.name if len(parts) == 1 else "%s[%s]" % (source.name, part.lower())
        yield replace(whole, name=name, role=part, rows=height, start=start)
        start += height


def _slot_dtype(source: _Source) -> str:
    """The parameter's own, but at least float32 for a product."""
    if source.right is None:
        return dtype_name(source.parameter)
    wide = torch.promote_types(source.parameter.dtype, source.right.dtype)
    return _name(torch.promote_types(wide, torch.float32))


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
