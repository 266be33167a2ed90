"""The trainer's side of Instability Guard: see `InstabilityGuard`."""

__version__ = "0.1.0"
