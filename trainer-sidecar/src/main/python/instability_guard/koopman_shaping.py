"""Koopman spectral shaping (KSS, arXiv 2602.22988): a differentiable penalty on how one block stretches its input.

The block's linear operator A is fitted to snapshots of the residual stream, leaving ~ A entering (dynamic mode
decomposition). With the moduli m_j = |lambda_j(A)|, j = 1..r, two forms are offered:

    default          sum_j max(0, log(m_j / tau_u))^2, snapshots not centred (growth of the mean counts as a mode),
    PAPER (Def. 2)   sum_j s(m_j - tau_u) softplus(m_j - tau_u)^2  +  beta (near - gamma)^2, snapshots centred,
                     near = (1/r) sum_j s(m_j - tau_l) s(tau_u - m_j),  s(x) = 1 / (1 + exp(-T x)).

Neither prevents divergence reliably where we measured it (evaluation/reports/kss-search.md); the default learns on.
It acts on modes that grow and leaves the many near 1, which are the residual connection itself; the logarithm keeps its
gradient moderate when a mode reaches 30. It is zero, with zero gradient, when no mode exceeds tau_u.

Truncation: the r principal directions of the raw entering snapshots, before whitening. (After whitening all directions
weigh the same and r of them would be arbitrary.) The operator is then formed in Cholesky-whitened coordinates, which
leaves the eigenvalues as they are and conditions the eigenvectors better.

Gradients. For a simple eigenvalue with v right and u left eigenvector, d|lambda| = Re(conj(lambda)/|lambda| u^H dA v /
(u^H v)), and u^H v = 0 where A is defective. All left eigenvectors at once are the rows of V^-1; in its place stands
the damped inverse (V^H V + delta I)^-1 V^H, which always exists, has a norm of at most 1 / (2 sqrt(delta)) and differs
from V^-1 by a relative delta * cond(V)^2. The penalty is symmetric in the eigenvalues, so repeated ones need no gap:
for a diagonalisable A the formula is exact whatever basis of an eigenspace is found. A zero eigenvalue has gradient 0.
The principal directions are held fixed in the backward pass. By default gradients flow through both snapshots: through
the leaving ones alone, the penalty seems to fall when the whole stream shrinks, and training stops learning.

Degenerate input: directions without variance count as eigenvalue 0 (regularisation); with fewer tokens than directions
the rank is tokens - 1; snapshots that are not finite, constant where they are centred, or fewer than three, and a
penalty beyond the range of the data type, give a plain zero without graph.
"""

from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

_EIGENVECTOR_DAMPING = 1e-7
_SUBSPACE_ITERATIONS = 3
_FEWEST_TOKENS = 3


@dataclass(frozen=True)
class ShapingSettings:
    """The form of the penalty, without its strength; symbols as in the module's formula.

    `logarithmic` chooses the first form of the over-unit term, `beta` weighs the near-unit term (0: none).
    `regularisation` is added to the variance of every direction, as a fraction of the largest.
    """

    beta: float = 0.0
    gamma: float = 0.4
    rank: int = 32
    regularisation: float = 1e-5
    temperature: float = 20.0
    tau_upper: float = 1.05
    tau_lower: float = 0.90
    logarithmic: bool = True
    centred: bool = False
    through_entering: bool = True


PAPER = ShapingSettings(beta=1.0, logarithmic=False, centred=True, through_entering=False)
"""Definition 2 with beta and the flow of gradients, which the paper leaves open, as in our first trials."""


def koopman_shaping(entering: Tensor, leaving: Tensor, settings: ShapingSettings) -> Tensor:
    """The penalty of one block: 0-d, float32 or wider, on the snapshots' device, finite, and so is its gradient.

    `entering` and `leaving` are (tokens, width): row i of both is the same token. `ValueError` on other shapes.
    """
    if entering.dim() != 2 or entering.shape != leaving.shape:
        raise ValueError("snapshots must be (tokens, width) each, not %s, %s" % (entering.shape, leaving.shape))
    moduli = eigenvalue_moduli(entering, leaving, settings)
    nothing = leaving.new_zeros((), dtype=_wide(leaving))
    if moduli is None:
        return nothing
    penalty = spectral_penalty(moduli, settings).to(nothing)
    return penalty if bool(torch.isfinite(penalty)) else nothing


def confined(penalty: Tensor, parameters: Sequence[Tensor], strength: float, largest_norm: float) -> Tensor:
    """strength * penalty, as a loss that moves nothing but `parameters`, with a gradient of norm <= `largest_norm`.

    Meant for the parameters of the penalised block and for the norm of the task's last gradient. The gradient is taken
    here, so the graph is walked once more; the loss that is returned is linear in the parameters. A penalty without
    graph, or with a gradient that is not finite, gives a plain zero.
    """
    if not penalty.requires_grad:
        return torch.zeros_like(penalty)
    found = torch.autograd.grad(penalty, parameters, retain_graph=True, allow_unused=True)
    pairs = [(parameter, gradient) for parameter, gradient in zip(parameters, found) if gradient is not None]
    norm = float(torch.stack([gradient.norm() for _, gradient in pairs]).norm()) if pairs else 0.0
    if not 0.0 < norm < float("inf"):
        return torch.zeros_like(penalty)
    factor = min(strength, largest_norm / norm)
    moved = torch.stack([(gradient * (parameter - parameter.detach())).sum() for parameter, gradient in pairs])
    return strength * penalty.detach() + factor * moved.sum()


def spectral_penalty(moduli: Tensor, settings: ShapingSettings) -> Tensor:
    """The penalty of a spectrum, given the moduli of its eigenvalues."""
    over = moduli - settings.tau_upper
    gate = torch.sigmoid(settings.temperature * over)
    near = torch.sigmoid(settings.temperature * (moduli - settings.tau_lower)) * (1.0 - gate)
    if settings.logarithmic:
        growth = (moduli.clamp(min=settings.tau_upper) / settings.tau_upper).log() ** 2
    else:
        growth = gate * softplus(over) ** 2
    return growth.sum() + settings.beta * (near.mean() - settings.gamma) ** 2


def eigenvalue_moduli(entering: Tensor, leaving: Tensor, settings: ShapingSettings) -> Optional[Tensor]:
    """Moduli of the fitted operator's eigenvalues, float64 on the CPU; None where no operator can be fitted."""
    operator = _whitened_operator(entering, leaving, settings)
    if operator is None or not bool(torch.isfinite(operator).all()):
        return None
    return _Moduli.apply(operator)


def _whitened_operator(entering: Tensor, leaving: Tensor, settings: ShapingSettings) -> Optional[Tensor]:
    """L^-1 (Q^T Cyx Q) L^-T with Q the principal directions and L L^T = Q^T Cxx Q + regularisation."""
    before, after = (_FiniteGradient.apply(_prepared(snapshots, settings)) for snapshots in (entering, leaving))
    if not settings.through_entering:
        before = before.detach()
    scale = before.detach().abs().amax() if before.numel() else before.new_zeros(())
    if before.shape[0] < _FEWEST_TOKENS or not (0.0 < float(scale) < float("inf")):
        return None
    before, after = before / scale, after / scale
    directions = principal_directions(before.detach(), min(settings.rank, before.shape[0] - 1))
    before, after = before @ directions, after @ directions
    covariance, cross = (_exact(part.t() @ before) for part in (before, after))
    ridge = settings.regularisation * covariance.detach().diagonal().amax()
    factor, _ = torch.linalg.cholesky_ex(covariance + ridge * torch.eye(len(covariance), dtype=covariance.dtype))
    half = torch.linalg.solve_triangular(factor, cross, upper=False)
    return torch.linalg.solve_triangular(factor, half.t(), upper=False).t()


def principal_directions(snapshots: Tensor, rank: int) -> Tensor:
    """Orthonormal (width, rank) basis of the leading principal subspace of (tokens, width), by subspace iteration.

    The start is fixed, so the trainer's random numbers are left alone. With rank >= width: the identity.
    """
    width = snapshots.shape[1]
    if rank >= width:
        return torch.eye(width, dtype=snapshots.dtype, device=snapshots.device)
    start = torch.randn(width, rank, generator=torch.Generator().manual_seed(0))
    basis = start.to(snapshots)
    for _ in range(_SUBSPACE_ITERATIONS):
        basis, _ = torch.linalg.qr(snapshots.t() @ (snapshots @ basis))
    return basis


def _prepared(snapshots: Tensor, settings: ShapingSettings) -> Tensor:
    wide = snapshots.to(_wide(snapshots))
    return wide - wide.mean(0, keepdim=True) if settings.centred else wide


def _wide(snapshots: Tensor) -> torch.dtype:
    return torch.promote_types(snapshots.dtype, torch.float32)


def _exact(matrix: Tensor) -> Tensor:
    return matrix.to(device="cpu", dtype=torch.float64)


class _Moduli(torch.autograd.Function):
    """Square real matrix -> moduli of its eigenvalues, with the damped gradient of the module's description."""

    @staticmethod
    def forward(ctx: Any, operator: Tensor) -> Tensor:
        values, vectors = torch.linalg.eig(operator)
        ctx.save_for_backward(values, vectors)
        return values.abs()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        values, vectors = ctx.saved_tensors
        adjoint = vectors.mH
        gram = adjoint @ vectors + _EIGENVECTOR_DAMPING * torch.eye(len(values), dtype=vectors.dtype)
        lefts = torch.linalg.solve(gram, adjoint)
        weights = gradient * torch.sgn(values).conj()
        return ((vectors * weights) @ lefts).real.t()


class _FiniteGradient(torch.autograd.Function):
    """The identity; a gradient that is not finite becomes zero as a whole."""

    @staticmethod
    def forward(ctx: Any, snapshots: Tensor) -> Tensor:
        return snapshots.view_as(snapshots)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tuple[Tensor]:
        return (torch.where(torch.isfinite(gradient).all(), gradient, torch.zeros_like(gradient)),)
