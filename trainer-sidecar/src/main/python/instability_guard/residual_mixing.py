"""Residual mixing of hyper-connections, free (HC) or projected onto the doubly stochastic matrices (mHC)."""

from typing import Any, List, Optional, Tuple

import torch
from torch import Tensor, nn

ITERATIONS = 20
EPSILON = 1e-6


def sinkhorn(matrices: Tensor, iterations: int = ITERATIONS, epsilon: float = EPSILON) -> Tensor:
    """Sinkhorn-Knopp of ``max(matrices, epsilon)``: (..., n, n) to the same shape, columns first and rows last.

    mHC (arXiv 2512.24880, equation 9). Rows of the result sum to 1 to rounding; columns do as far as ``iterations``
    carry. Negative and zero entries count as ``epsilon`` and, being clamped, receive no gradient. A matrix with a NaN or
    infinite entry comes out as NaN everywhere, so that a broken run stays visibly broken; its neighbours are untouched.

    The first iteration works on logarithms and can neither overflow nor underflow. It leaves every row sum 1 and every
    column sum within [1/n, n], so that the others can scale plain numbers. They run in float32 or better. Gradients
    pass through all iterations, exactly; they are not themselves differentiable.
    """
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise ValueError(f"sinkhorn needs square matrices (..., n, n), not {tuple(matrices.shape)}")
    if iterations < 1 or not epsilon > 0.0:
        raise ValueError(f"sinkhorn needs iterations >= 1 and epsilon > 0, not {iterations} and {epsilon}")
    size = matrices.shape[-1]
    wide = matrices if matrices.dtype == torch.float64 else matrices.float()
    last = wide.reshape(-1, size, size).permute(1, 2, 0).contiguous()  # batch last: sums over n become vector additions
    logarithms = last.clamp(min=epsilon).log()
    logarithms = logarithms - logarithms.logsumexp(0, keepdim=True)
    scaled = (logarithms - logarithms.logsumexp(1, keepdim=True)).exp()
    if iterations > 1:
        scaled = _Scaling.apply(scaled, iterations - 1)
    return scaled.permute(2, 0, 1).reshape(matrices.shape).to(matrices.dtype)


class _Scaling(torch.autograd.Function):
    """P = diag(u) K diag(v) for positive K (n, n, batch), where v = 1 / K^T u and then u = 1 / K v, iterated.

    The gradient runs the recursion backwards on the kept u and v (n, batch) and touches K only twice.
    """

    @staticmethod
    def forward(context: Any, matrices: Tensor, iterations: int) -> Tensor:
        rows: List[Tensor] = [torch.ones_like(matrices[:, 0])]
        columns: List[Tensor] = []
        for _ in range(iterations):
            columns.append(_column_sums(matrices, rows[-1]).reciprocal_())
            rows.append(_row_sums(matrices, columns[-1]).reciprocal_())
        scaled = matrices * rows[-1].unsqueeze(1) * columns[-1]
        context.save_for_backward(matrices, scaled, torch.stack(rows), torch.stack(columns))
        return scaled

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tuple[Tensor, None]:
        matrices, scaled, rows, columns = context.saved_tensors
        weighted = gradient * scaled
        of_rows: List[Tensor] = []  # gradient with respect to log u, times u; last iteration first
        of_columns: List[Tensor] = []
        by_row = weighted.sum(1)
        by_column = weighted.sum(0)
        for u, v in zip(reversed(rows.unbind()[1:]), reversed(columns.unbind())):
            of_rows.append(by_row * u)
            by_column = by_column - v * _column_sums(matrices, of_rows[-1])
            of_columns.append(by_column * v)
            by_row = -(_row_sums(matrices, of_columns[-1]) * rows[len(columns) - len(of_rows)])
            by_column = torch.zeros_like(by_column)
        spent = _outer(torch.stack(of_rows[::-1]), columns) + _outer(rows[:-1], torch.stack(of_columns[::-1]))
        return gradient * rows[-1].unsqueeze(1) * columns[-1] - spent, None


def _row_sums(matrices: Tensor, columns: Tensor) -> Tensor:
    """K v: (n, n, batch) and (n, batch) to (n, batch)."""
    return (matrices * columns).sum(1)


def _column_sums(matrices: Tensor, rows: Tensor) -> Tensor:
    """K^T u: (n, n, batch) and (n, batch) to (n, batch)."""
    return (matrices * rows.unsqueeze(1)).sum(0)


def _outer(rows: Tensor, columns: Tensor) -> Tensor:
    """Sum over iterations of u v^T: two (iterations, n, batch) to (n, n, batch)."""
    return torch.einsum("tib,tjb->ijb", rows, columns)


class ResidualMixing(nn.Module):
    """The one place where a hyper-connection's residual matrix passes: ``h_res = self.mixing(h_res)``.

    As long as ``projected`` is false the matrices, (..., n, n), come back as they are (HC) and nothing is computed; when
    it is true they come back as ``sinkhorn`` of themselves (mHC). It may be set between any two steps and is no part of
    the state dict.

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
        self.source: Optional[nn.Parameter] = None

    @property
    def is_static(self) -> bool:
        """Whether the matrix last watched was a parameter of exactly (n, n), or a view of one that is laid out alike."""
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
        self.source = _parameter_behind(matrices)
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
