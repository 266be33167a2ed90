"""Trainers for `guard chaos`, which kills them: each rank writes down what the guard did to its weights.

This process imports torch once and then forks one process per rank of every run that it is asked for, one JSON object per
line of standard input; when standard input ends it kills what is left and ends. Answers, one JSON object per line:
`{"run", "generation", "pids"}` and, for each rank that has ended, `{"pid", "status"}`.

The training is made so that it can be computed again elsewhere to the last bit: the gradient is a table of hashes, the step
one multiplication and one subtraction in float32. What the ranks report to the guard are alarms at known steps. A rank's log
(JSON lines, each written by one call, so that a kill tears at most the last) holds the weights at the start, every step with
when `guard.step` began and ended, and the watched weights before and after every step at which they changed.

Usage (./guard chaos does it): PYTHONPATH=trainer-sidecar/src/main/python python chaos_trainer.py
"""

from __future__ import annotations

import datetime
import json
import os
import select
import signal
import sys
import time
import traceback
import zlib
from typing import Any, Dict, Iterator, List

import torch
import torch.distributed as distributed
from instability_guard import InstabilityGuard
from torch import Tensor, nn

WIDTH = 8
LEARNING_RATE = 0.01
COLLECTIVE_TIMEOUT = datetime.timedelta(seconds=40)
MASK = 0xFFFFFFFF


class Attention(nn.Module):
    """Four weights that the guard knows the roles of."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(WIDTH, WIDTH, bias=False))


class Model(nn.Module):
    """One block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Attention()])

    def weights(self) -> Dict[str, Tensor]:
        """The weights by name, in the order of their numbers in `table`."""
        return {name: weight.data for name, weight in self.named_parameters()}


class Descent(torch.optim.Optimizer):
    """w <- w - (g * rate), each rounded to float32 once."""

    def __init__(self, parameters: Iterator[nn.Parameter]) -> None:
        super().__init__(parameters, {"lr": LEARNING_RATE})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data.sub_(parameter.grad * group["lr"])


def table(seed: int, matrix: int, step: int, rank: int) -> Tensor:
    """Numbers from -1 to 127/128 that differ with all arguments; eight bits each, so that nothing is rounded."""
    index = torch.arange(WIDTH * WIDTH, dtype=torch.int64)
    mixed = index * 2654435761 + matrix * 40503 + (step + 1) * 69069 + rank * 1013904223 + seed * 7919
    mixed = (((mixed & MASK) ^ ((mixed & MASK) >> 15)) * 2246822519) & MASK
    mixed = ((mixed ^ (mixed >> 13)) * 3266489917) & MASK
    return (((mixed >> 24) - 128).to(torch.float32) / 128.0).view(WIDTH, WIDTH)


class RankLog:
    """What one rank says of itself; survives its sudden death."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **entry: Any) -> None:
        os.write(self._file, (json.dumps(entry) + "\n").encode())


class Rank:
    """One process of one run."""

    def __init__(self, job: Dict[str, Any], rank: int) -> None:
        self.job = job
        self.rank = rank
        self.size = len(job["sockets"])
        self.log = RankLog(job["logs"][rank])
        self.model = Model()
        self.optimizer = Descent(self.model.parameters())
        self.applied: List[List[Any]] = []

    def train(self) -> None:
        """From the checkpoint, or the beginning, until told to stop."""
        step = self.restore()
        if self.size > 1:
            self.meet()
        job = self.job
        with InstabilityGuard.attach(
            self.model,
            self.optimizer,
            run_id=job["run"],
            socket=job["sockets"][self.rank],
            generation=job["generation"],
            sample_every=4,
            agree_every=job["agreeEvery"],
            command_timeout=job["commandTimeout"],
            snapshots=False,
            attention=False,
        ) as guard:
            self.log.write(start=step, pid=os.getpid(), weights=hexed(self.model.weights()))
            due = time.monotonic()
            while self.descend(step):
                self.pass_step(guard, step)
                step += 1
                due = max(due + job["stepMillis"] / 1000.0, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
            statistics = guard.statistics
        self.log.write(end=step, statistics=statistics, weights=hexed(self.model.weights()))

    def restore(self) -> int:
        """Loads the last checkpoint; the step to go on with."""
        weights, checkpoint = self.model.weights(), self.job["checkpoint"]
        if os.path.exists(checkpoint):
            loaded = torch.load(checkpoint)
            for name, weight in weights.items():
                weight.copy_(loaded["weights"][name])
            return int(loaded["step"]) + 1
        for matrix, weight in enumerate(weights.values()):
            weight.copy_(table(self.job["seed"], matrix, -1, 0))
        return 0

    def save(self, step: int) -> None:
        """Writes a checkpoint that is there whole or not at all."""
        unfinished = self.job["checkpoint"] + ".unfinished"
        torch.save({"step": step, "weights": self.model.weights()}, unfinished)
        os.replace(unfinished, self.job["checkpoint"])

    def meet(self) -> None:
        """Rank 0 keeps the store, as in any run that was started by hand."""
        distributed.init_process_group(
            "gloo",
            init_method="tcp://127.0.0.1:%d" % self.job["port"],
            rank=self.rank,
            world_size=self.size,
            timeout=COLLECTIVE_TIMEOUT,
        )

    def pass_step(self, guard: InstabilityGuard, step: int) -> None:
        """The boundary after an optimizer step."""
        weights = self.model.weights()
        before, sums = hexed(weights), crc(weights)
        begin = time.time()
        guard.step(step, **self.alarms(step))
        end = time.time()
        entry = {"step": step, "begin": begin * 1e3, "end": end * 1e3, "scale": guard.learning_rate_scale, "crc": sums}
        if crc(weights) != sums:
            after = hexed(weights)
            changed = [name for name in after if after[name] != before[name]]
            entry["before"] = {name: before[name] for name in changed}
            entry["after"] = {name: after[name] for name in changed}
        applied = [list(each) for each in guard._connection._book.last_applied()]
        if len(applied) > len(self.applied):
            entry["applied"] = applied[len(self.applied) :]
            self.applied = applied
        self.log.write(**entry)
        if self.rank == 0 and step % self.job["checkpointEvery"] == self.job["checkpointEvery"] - 1:
            self.save(step)

    def descend(self, step: int) -> bool:
        """One optimizer step with the mean gradients; False, and no step, when a rank was told to stop."""
        parameters = list(self.model.parameters())
        tables = [table(self.job["seed"], matrix, step, self.rank) for matrix in range(len(parameters))]
        stop = torch.full((1, WIDTH), float(os.path.exists(self.job["stop"]) or step >= self.job["mostSteps"]))
        told = torch.cat(tables + [stop])
        if self.size > 1:
            distributed.all_reduce(told)
            told /= self.size
        if told[-1, 0] > 0:
            return False
        for parameter, gradient in zip(parameters, told.split(WIDTH)):
            parameter.grad = gradient
        self.optimizer.step()
        return True

    def alarms(self, step: int) -> Dict[str, float]:
        """What is reported at this step: mostly nothing unusual."""
        told = {"loss": 2.0, "gradient_norm": 1.0, "max_attention_logit": 5.0}
        for alarm in self.job["alarms"]:
            if alarm["from"] <= step % self.job["alarmPeriod"] < alarm["to"]:
                told[alarm["scalar"]] = alarm["value"]
        return told


def hexed(weights: Dict[str, Tensor]) -> Dict[str, str]:
    """The bits of the weights, little-endian float32."""
    return {name: weight.numpy().tobytes().hex() for name, weight in weights.items()}


def crc(weights: Dict[str, Tensor]) -> int:
    """A checksum of all weights in their order."""
    return zlib.crc32(b"".join(weight.numpy().tobytes() for weight in weights.values()))


def rank_main(job: Dict[str, Any], rank: int) -> int:
    """A forked process's life; the exit status says whether the training ended as it should."""
    torch.set_num_threads(1)
    os.dup2(os.open(job["logs"][rank] + ".err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    try:
        Rank(job, rank).train()
        return 0
    except BaseException:
        traceback.print_exc()
        return 1


def fork(job: Dict[str, Any]) -> List[int]:
    """Starts the ranks of a run; their process ids."""
    pids = []
    for rank in range(len(job["sockets"])):
        pid = os.fork()
        if pid == 0:
            os._exit(rank_main(job, rank))
        pids.append(pid)
    return pids


def say(**answer: Any) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def reap(living: List[int]) -> None:
    """Tells of the ranks that have ended."""
    for pid in list(living):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            living.remove(pid)
            say(pid=pid, status=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serves until standard input ends."""
    torch.set_num_threads(1)
    Descent(Model().parameters())  # brings in what PyTorch imports with the first optimizer, before any fork
    living: List[int] = []
    buffered = b""
    say(ready=True)
    while True:
        reap(living)
        if not select.select([0], [], [], 0.02)[0]:
            continue
        read = os.read(0, 1 << 16)
        if not read:
            break
        *lines, buffered = (buffered + read).split(b"\n")
        for line in lines:
            job = json.loads(line)
            pids = fork(job)
            living += pids
            say(run=job["run"], generation=job["generation"], pids=pids)
    for pid in living:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
