"""What guard.step costs on a step without a weight sample, with a sidecar listening; prints one JSON line.

Measured twice: back to back, which is the code's own cost, and between real training steps of a small transformer, which adds
what every piece of Python pays after a step has emptied the processor's caches and while the sidecar wants a core.

Usage (./guard bench hook does it): PYTHONPATH=trainer-sidecar/src/main/python python hook_benchmark.py SOCKET
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from typing import Callable, Iterator

import torch
from instability_guard import InstabilityGuard

from reference_trainer.model import CharacterGpt

WARM_UP = 200
MEASURED = 1000
SHARES = {"p10": 0.1, "median": 0.5, "p90": 0.9, "p99": 0.99}


def main(socket: str) -> None:
    """Attaches a small transformer and times the calls after nothing and after a training step."""
    torch.set_num_threads(1)
    model = CharacterGpt(97, 4, 32, 2, 32, "pre")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    symbols = torch.randint(97, (8, 32))

    def train() -> None:
        model(symbols).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    with InstabilityGuard.attach(model, optimizer, run_id="bench-hook", socket=socket, sample_every=10**9) as guard:
        steps = itertools.count(1)
        print(
            json.dumps(
                {
                    "back to back": percentiles(guard, steps, lambda: None),
                    "between training steps": percentiles(guard, steps, train),
                }
            )
        )


def percentiles(guard: InstabilityGuard, steps: Iterator[int], between: Callable[[], None]) -> dict[str, float]:
    """Microseconds of a call, by name of the percentile."""
    microseconds = sorted([timed(guard, next(steps), between) for _ in range(WARM_UP + MEASURED)][WARM_UP:])
    return {name: microseconds[int(share * MEASURED)] for name, share in SHARES.items()}


def timed(guard: InstabilityGuard, step: int, between: Callable[[], None]) -> float:
    """Microseconds of one call."""
    between()
    started = time.perf_counter()
    guard.step(step, loss=2.5, gradient_norm=1.0, max_attention_logit=5.0)
    return (time.perf_counter() - started) * 1e6


if __name__ == "__main__":
    main(sys.argv[1])
