"""What guard.step costs on a step without a weight sample, with a sidecar listening; prints one JSON line.

Usage (./guard bench hook does it): PYTHONPATH=trainer-sidecar/src/main/python python hook_benchmark.py SOCKET
"""

from __future__ import annotations

import json
import sys
import time

import torch
from instability_guard import InstabilityGuard

from reference_trainer.model import CharacterGpt

WARM_UP = 500
MEASURED = 5000
STEP_SECONDS = 0.002
"""Pause between calls: a trainer computes between steps, and the sidecar reads meanwhile."""


def main(socket: str) -> None:
    """Attaches a small transformer and times the calls of a training loop that is otherwise idle."""
    torch.set_num_threads(1)
    model = CharacterGpt(97, 4, 32, 2, 32, "pre")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    guard = InstabilityGuard.attach(
        model, optimizer, run_id="bench-hook", socket=socket, sample_every=WARM_UP + MEASURED + 2
    )
    microseconds = [timed(guard, step) for step in range(1, WARM_UP + MEASURED + 1)][WARM_UP:]
    guard.close()
    microseconds.sort()
    print(json.dumps({name: microseconds[int(share * MEASURED)] for name, share in SHARES.items()}))


SHARES = {"p10": 0.1, "median": 0.5, "p90": 0.9, "p99": 0.99}


def timed(guard: InstabilityGuard, step: int) -> float:
    """Microseconds of one call."""
    time.sleep(STEP_SECONDS)
    started = time.perf_counter()
    guard.step(step, loss=2.5, gradient_norm=1.0, max_attention_logit=5.0)
    return (time.perf_counter() - started) * 1e6


if __name__ == "__main__":
    main(sys.argv[1])
