"""What the tests of several ranks share: forked processes that meet over gloo, each with a fake sidecar of its own."""

import logging
import multiprocessing
import os
import pickle
import sys
import tempfile
import traceback
from typing import Any, Callable, Dict, List

import torch
import torch.distributed as distributed
from instability_guard import InstabilityGuard
from torch import Tensor, nn

from fake_sidecar import FakeSidecar
from hook_case import Warnings

WIDTH = 8
QUERY, KEY = "blocks.0.q_proj.weight", "blocks.0.k_proj.weight"
UP, DOWN = "blocks.0.fc1.weight", "blocks.0.fc2.weight"
LAYERS = [DOWN, KEY, QUERY, UP]
PATIENCE = 120.0
_WARM = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
"""Brings in, once and before any fork, the modules that PyTorch imports with the first optimizer."""


class Block(nn.Module):
    """Four weights; not all of them square, nor of a height that four ranks share evenly."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.k_proj = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(2))
        self.fc1, self.fc2 = nn.Linear(WIDTH, 13, bias=False), nn.Linear(13, WIDTH, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.fc2(torch.tanh(self.fc1(self.q_proj(hidden) * self.k_proj(hidden))))


class Model(nn.Module):
    """One block."""

    def __init__(self, seed: int = 7) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.blocks = nn.ModuleList([Block()])

    def forward(self, hidden: Tensor) -> Tensor:
        return self.blocks[0](hidden)


class Rank:
    """One of several processes that train together, with its sidecar."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size
        self.sidecar = FakeSidecar().start()
        self.warnings = Warnings()
        logger = logging.getLogger("instability_guard")
        logger.addHandler(self.warnings)
        logger.propagate = False
        self.renew()

    def renew(self, seed: int = 7) -> None:
        """A fresh model and optimizer, the same on all ranks."""
        self.model: nn.Module = Model(seed)
        self.optimizer: torch.optim.Optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)

    def restart_sidecar(self) -> None:
        """Another sidecar that has heard nothing yet."""
        self.sidecar.remove()
        self.sidecar = FakeSidecar().start()

    def attach(self, **options: Any) -> InstabilityGuard:
        """A guard; its HELLO has been answered."""
        given: Dict[str, Any] = dict(run_id="run-1", socket=self.sidecar.path, agree_every=2, command_timeout=20.0)
        guard = InstabilityGuard.attach(self.model, self.optimizer, **dict(given, **options))
        self.sidecar.await_message("HELLO")
        return guard

    def train(self, guard: InstabilityGuard, step: int) -> None:
        """One step on data of this rank; gradients are averaged over the ranks."""
        generator = torch.Generator().manual_seed(1000 * step + self.rank)
        self.optimizer.zero_grad()
        loss = self.model(torch.randn(5, WIDTH, generator=generator)).square().mean()
        loss.backward()
        for parameter in self.model.parameters():
            distributed.all_reduce(parameter.grad)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1e9)
        self.optimizer.step()
        guard.step(step, loss=loss.item(), gradient_norm=norm.item())

    def weights(self) -> Dict[str, Tensor]:
        """Copies of all weights by name."""
        return {name: weight.detach().clone() for name, weight in self.model.named_parameters()}


def on_ranks(size: int, body: Callable[..., Any], *arguments: Any) -> List[Any]:
    """What `body(rank, *arguments)` returned on each of `size` processes; `AssertionError` when one of them failed."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        meeting = "file://" + os.path.join(folder, "meeting")
        given = [(body, rank, size, meeting, results, arguments) for rank in range(size)]
        processes = [context.Process(target=_run, args=each, daemon=True) for each in given]
        for process in processes:
            process.start()
        told = dict(pickle.loads(results.get(timeout=PATIENCE)) for _ in processes)
        for process in processes:
            process.join(PATIENCE)
    failures = [error for error, _ in told.values() if error]
    if failures or any(process.exitcode for process in processes):
        raise AssertionError("\n".join(failures) or [process.exitcode for process in processes])
    return [told[rank][1] for rank in range(size)]


def _run(body: Callable[..., Any], number: int, size: int, meeting: str, results: Any, arguments: Any) -> None:
    torch.set_num_threads(1)
    error, result = "", None
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # also where the machine's own name cannot be resolved
    try:
        distributed.init_process_group("gloo", init_method=meeting, rank=number, world_size=size)
        rank = Rank(number, size)
        result = body(rank, *arguments)
        distributed.barrier()
        rank.sidecar.remove()
        distributed.destroy_process_group()
    except BaseException:
        error = "rank %d: %s" % (number, traceback.format_exc())
    results.put(pickle.dumps((number, (error, result))))  # as bytes: tensors would be shared with a process that ends
