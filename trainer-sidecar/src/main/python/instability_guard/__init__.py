"""The trainer's side of Instability Guard: see `InstabilityGuard`; `ResidualMixing` for hyper-connected models."""

__version__ = "0.1.0"

from instability_guard.guard import InstabilityGuard
from instability_guard.residual_mixing import ResidualMixing

__all__ = ["InstabilityGuard", "ResidualMixing", "__version__"]
