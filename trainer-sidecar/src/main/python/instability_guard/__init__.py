"""The trainer's side of Instability Guard: see `InstabilityGuard`."""

__version__ = "0.1.0"

from instability_guard.guard import InstabilityGuard

__all__ = ["InstabilityGuard", "__version__"]
