"""What guard.step costs on a step without a weight sample, with a sidecar listening; prints one JSON line.

Back to back is the code's own cost. Between real training steps of a small transformer comes what every piece of Python
pays after a step has emptied the processor's caches and while the sidecar wants a core. Each of four ranks sleeps 20 ms, as a
process does while an accelerator computes, steps its optimizer and calls: 50 steps a second, more than large models make, of
which broker, guard and sidecar on the same cores take little. The calls at which the ranks vote, one of ten, are told apart
from the others. The means of ten calls, vote included, are given twice: by the clock, in which shows what the processes take
from each other, and by the processor time of the training thread, which is what the call itself takes.

Usage (./guard bench hook does it): PYTHONPATH=trainer-sidecar/src/main/python python hook_benchmark.py SOCKET
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import sys
import tempfile
import time
from typing import Callable, Iterator, NamedTuple

import torch
import torch.distributed as distributed
from instability_guard import InstabilityGuard

from reference_trainer.model import CharacterGpt

WARM_UP = 1000
MEASURED = 1000
SHARES = {"p10": 0.1, "median": 0.5, "p90": 0.9, "p99": 0.99}
RANKS = 4
AGREE_EVERY = 10
IDLE_SECONDS = 0.02


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
        found = {
            "back to back": percentiles(guard, steps, optimizer.step),  # without gradients: it only says so
            "between training steps": percentiles(guard, steps, train),
        }
    found.update(four_ranks(socket))
    print(json.dumps(found))


def percentiles(guard: InstabilityGuard, steps: Iterator[int], between: Callable[[], object]) -> dict[str, float]:
    """Microseconds of a call, by name of the percentile."""
    return ranked([timed(guard, next(steps), between).clock for _ in range(WARM_UP + MEASURED)][WARM_UP:])


def ranked(microseconds: list[float]) -> dict[str, float]:
    """The values by name of the percentile."""
    ordered = sorted(microseconds)
    return {name: ordered[int(share * len(ordered))] for name, share in SHARES.items()}


class Call(NamedTuple):
    """One call of `guard.step`: microseconds by the clock, and of processor time of its thread."""

    step: int
    clock: float
    processor: float


def timed(guard: InstabilityGuard, step: int, between: Callable[[], object]) -> Call:
    """One call after something else."""
    between()
    processor, started = time.thread_time_ns(), time.perf_counter_ns()
    guard.step(step, loss=2.5, gradient_norm=1.0, max_attention_logit=5.0)
    ended = time.perf_counter_ns()
    return Call(step, (ended - started) / 1e3, (time.thread_time_ns() - processor) / 1e3)


def four_ranks(socket: str) -> dict[str, dict[str, float]]:
    """By situation: microseconds of a call by name of the percentile, of the rank with the largest median."""
    context = multiprocessing.get_context("spawn")
    with tempfile.NamedTemporaryFile() as meeting, context.Pool(RANKS) as ranks:
        told = ranks.starmap(one_rank, [(rank, meeting.name, socket) for rank in range(RANKS)], chunksize=1)
    return {
        "four ranks, between votes": slowest([[c.clock for c in calls if c.step % AGREE_EVERY] for calls in told]),
        "four ranks, at a vote": slowest([[c.clock for c in calls if c.step % AGREE_EVERY == 0] for calls in told]),
        "four ranks, means of ten calls": slowest([means([c.clock for c in calls]) for calls in told]),
        "the same in processor time": slowest([means([c.processor for c in calls]) for calls in told]),
    }


def slowest(ranks: list[list[float]]) -> dict[str, float]:
    """The percentiles of the rank with the largest median."""
    return max(map(ranked, ranks), key=lambda each: each["median"])


def means(calls: list[float]) -> list[float]:
    """The means of the calls from one boundary to the next."""
    return [sum(calls[at : at + AGREE_EVERY]) / AGREE_EVERY for at in range(0, len(calls), AGREE_EVERY)]


def one_rank(rank: int, meeting: str, socket: str) -> list[Call]:
    """The calls of this rank."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=RANKS)
    model = torch.nn.Linear(32, 32)
    optimizer = torch.optim.AdamW(model.parameters())

    def train() -> None:
        time.sleep(IDLE_SECONDS)
        optimizer.step()

    run = "bench-ranks"
    with InstabilityGuard.attach(
        model, optimizer, run_id=run, socket=socket, sample_every=10**9, agree_every=AGREE_EVERY
    ) as guard:
        calls = [timed(guard, step, train) for step in range(1, WARM_UP + MEASURED + 1)][WARM_UP:]
    distributed.destroy_process_group()
    return calls


if __name__ == "__main__":
    main(sys.argv[1])
