"""Residual mixing of hyper-connections, free (HC) or projected onto the doubly stochastic matrices (mHC)."""

import functools
from typing import Any, Callable, List, Optional, Tuple

import torch
from torch import Tensor, nn

ITERATIONS = 20
EPSILON = 1e-6


def sinkhorn(matrices: Tensor, iterations: int = ITERATIONS, epsilon: float = EPSILON) -> Tensor:
    """Sinkhorn-Knopp of ``max(matrices, epsilon)``: (..., n, n) to the same shape, columns first and rows last.

    mHC (arXiv 2512.24880, equation 9). Rows of the result sum to 1 to rounding; columns do as far as ``iterations``
    carry. Negative and zero entries count as ``epsilon`` and, being clamped, receive no gradient. A matrix with a NaN
    or infinite entry comes out as NaN everywhere, so that a broken run stays visibly broken; its neighbours do not.

    The first iteration works on logarithms and can neither overflow nor underflow. It leaves every row sum 1 and every
    column sum within [1/n, n], so that the others can scale plain numbers. They run in float32 or better. Gradients
    pass through all iterations, exactly; they are not themselves differentiable.
    """
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise ValueError(f"sinkhorn needs square matrices (..., n, n), not {tuple(matrices.shape)}")
    if iterations < 1 or not epsilon > 0.0:
        raise ValueError(f"sinkhorn needs iterations >= 1 and epsilon > 0, not {iterations} and {epsilon}")
    wide = matrices if matrices.dtype == torch.float64 else matrices.float()
    # Batch last: a sum over n is then an addition of vectors. A lone matrix stays one: its products are cheaper still.
    last = wide if wide.ndim == 2 else wide.flatten(0, -3).permute(1, 2, 0).contiguous()
    scaled = last.clamp(min=epsilon).log().log_softmax(0).softmax(1)
    if iterations > 1:
        scaled = _Scaling.apply(scaled, iterations - 1)
    first = scaled if scaled.ndim == 2 else scaled.permute(2, 0, 1).reshape(matrices.shape)
    return first.to(matrices.dtype)


class _Scaling(torch.autograd.Function):
    """P = diag(u) K diag(v) for positive K (n, n) or (n, n, batch), where v = 1 / K^T u and then u = 1 / K v, iterated.

    The gradient runs the same recursion backwards on the kept u and v, (n) or (n, batch): one product with K each.
    """

    @staticmethod
    def forward(context: Any, matrices: Tensor, iterations: int) -> Tensor:
        across, down = _products(matrices)
        rows: List[Tensor] = [torch.ones_like(matrices[0])]
        columns: List[Tensor] = []
        for _ in range(iterations):
            columns.append(down(rows[-1]).reciprocal_())
            rows.append(across(columns[-1]).reciprocal_())
        context.save_for_backward(matrices, torch.stack(rows), torch.stack(columns))
        return _between(matrices, rows[-1], columns[-1])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tuple[Tensor, None]:
        matrices, rows, columns = context.saved_tensors
        across, down = _products(matrices)
        direct = _between(gradient, rows[-1], columns[-1])
        weighted = direct * matrices
        # Backwards through dv = -v^2 (K^T du + dK^T u), du = -u^2 (K dv + dK v); r, c: minus the adjoints of 1/u, 1/v.
        row_slopes, column_slopes = (-rows * rows).unbind(), (-columns * columns).unbind()
        r = [weighted.sum(1) * rows[-1]]
        c = [weighted.sum(0) * columns[-1] + down(r[0]) * column_slopes[-1]]
        for step in range(len(columns) - 2, -1, -1):
            r.append(across(c[-1]) * row_slopes[step + 1])
            c.append(down(r[-1]) * column_slopes[step])
        left = torch.cat((torch.stack(r[::-1]), rows[:-1]))
        right = torch.cat((columns, torch.stack(c[::-1])))
        return direct - (left.unsqueeze(2) * right.unsqueeze(1)).sum(0), None


def _products(matrices: Tensor) -> Tuple[Callable[[Tensor], Tensor], ...]:
    """The maps v -> K v and u -> K^T u of K (n, n) or (n, n, batch); vectors are (n) or (n, batch).

    Both keep the precision they are given under autocast, as products with ``out`` and plain arithmetic do.
    """
    if matrices.ndim == 2:
        return tuple(functools.partial(_product, each) for each in (matrices, matrices.t()))
    return (lambda columns: (matrices * columns).sum(1)), (lambda rows: (matrices * rows.unsqueeze(1)).sum(0))


def _product(matrix: Tensor, vector: Tensor) -> Tensor:
    return torch.mv(matrix, vector, out=torch.empty_like(vector))


def _between(matrices: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """diag(u) K diag(v): (n, n, ...) scaled on both sides."""
    return matrices * rows.unsqueeze(1) * columns


class ResidualMixing(nn.Module):
    """The one place where a hyper-connection's residual matrix passes: ``h_res = self.mixing(h_res)``.

    As long as ``projected`` is false the matrices, (..., n, n), come back as they are (HC) and nothing is computed;
    when it is true they come back as ``sinkhorn`` of themselves (mHC). It may be set between any two steps and is no
    part of the state dict.

    While ``watching`` is true, every forward pass keeps, detached, the mean over all leading dimensions of what came in
    (``unprojected``) and of what went out (``mixed``), both (n, n), and whether the input was a parameter (``source``).
    """

    def __init__(self, projected: bool = False, iterations: int = ITERATIONS, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.projected = projected
        self.iterations = iterations
        self.epsilon = epsilon
        self.watching = False
        self.unprojected: Optional[Tensor] = None
        self.mixed: Optional[Tensor] = None
        # in a tuple, where a module takes no parameter for its own
        self._behind: Tuple[Optional[nn.Parameter], ...] = ()

    @property
    def source(self) -> Optional[nn.Parameter]:
        """The parameter that was passed in, as far as the matrix last watched was one."""
        return self._behind[0] if self._behind else None

    def forget(self) -> None:
        """Stops watching and drops what was kept."""
        self.watching, self.mixed, self.unprojected, self._behind = False, None, None, ()

    @property
    def is_static(self) -> bool:
        """Whether the matrix last watched was a parameter of exactly (n, n), or a view of one laid out alike."""
        return self.source is not None

    def forward(self, matrices: Tensor) -> Tensor:
        """Maps (..., n, n) to the same shape."""
        mixed = sinkhorn(matrices, self.iterations, self.epsilon) if self.projected else matrices
        if self.watching:
            self._keep(matrices, mixed)
        return mixed

    def extra_repr(self) -> str:
        return f"projected={self.projected}, iterations={self.iterations}, epsilon={self.epsilon}"

    def _keep(self, matrices: Tensor, mixed: Tensor) -> None:
        self._behind = (_parameter_behind(matrices),)
        self.unprojected = _mean_matrix(matrices)
        self.mixed = _mean_matrix(mixed)


def _mean_matrix(matrices: Tensor) -> Tensor:
    """The mean over all leading dimensions, a tensor of its own: (..., n, n) to (n, n)."""
    apart = matrices.detach()
    return apart.clone() if apart.ndim == 2 else apart.flatten(0, -3).mean(0)


def _parameter_behind(matrices: Tensor) -> Optional[nn.Parameter]:
    """The parameter that this tensor is, or is a plain view of; None when it was computed."""
    behind = matrices if isinstance(matrices, nn.Parameter) else matrices._base
    alike = isinstance(behind, nn.Parameter) and behind.shape == matrices.shape and behind.stride() == matrices.stride()
    return behind if alike else None
