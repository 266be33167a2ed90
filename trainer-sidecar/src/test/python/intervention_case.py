"""What the tests of interventions share: a model that has everything to intervene in, and its training loop."""

from typing import Any, Dict, Tuple

import torch
from instability_guard import InstabilityGuard
from instability_guard.residual_mixing import ResidualMixing
from torch import nn

from fake_sidecar import Message
from hook_case import HookCase

WIDTH = 8
QUERY, KEY = "blocks.0.q_proj.weight", "blocks.0.k_proj.weight"
MIXING = "blocks.0.hyper.h_res"
MIXER, OTHER_MIXER = "blocks.0.hyper.mixing", "blocks.1.hyper.mixing"
BLOCK, OTHER_BLOCK = "blocks.0", "blocks.1"

ORDINARY: Dict[str, Tuple[Tuple[str, ...], Dict[str, float]]] = {
    "APPLY_MSIGN": ((QUERY,), {}),
    "REPROJECT_HC": ((MIXING,), {}),
    "CLIP_ATTENTION_LOGITS": ((QUERY, KEY), {}),
    "SWITCH_HC": ((), {}),
    "ENABLE_KSS": ((), {}),
    "DISABLE_KSS": ((), {}),
    "SCALE_LEARNING_RATE": ((), {"factor": 0.5}),
    "SAMPLE_EVERY": ((), {}),
    "SAVE_CHECKPOINT": ((), {}),
    "REWIND_AND_SKIP": ((), {}),
    "PAUSE": ((), {}),
}
"""Layers and required parameters of an ordinary command of each kind, but for ROLL_BACK."""


class HyperConnection(nn.Module):
    """A static one: two streams, each half of the width."""

    def __init__(self) -> None:
        super().__init__()
        self.h_res = nn.Parameter(torch.tensor([[1.0, 0.25], [0.5, 1.0]]))
        self.mixing = ResidualMixing()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        streams = hidden.unflatten(-1, (2, -1))
        return torch.einsum("ij,...jd->...id", self.mixing(self.h_res), streams).flatten(-2)


class Block(nn.Module):
    """Attention over all tokens, and mixing."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.k_proj = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(2))
        self.fc1, self.fc2 = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(3 * WIDTH, WIDTH)
        self.hyper = HyperConnection()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        weights = (self.q_proj(hidden) @ self.k_proj(hidden).transpose(-2, -1)).softmax(-1)
        return self.hyper(hidden + weights @ self.fc2(torch.tanh(self.fc1(hidden))))


class Model(nn.Module):
    """Two blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            hidden = block(hidden)
        return hidden


class InterventionCase(HookCase):
    """A sidecar, and a run of a model with attention, blocks and mixers, trained by Adam."""

    @classmethod
    def setUpClass(cls) -> None:
        """One thread: on a busy machine threads of such small products mostly wait for each other."""
        super().setUpClass()
        cls.addClassCleanup(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)

    def setUp(self) -> None:
        super().setUp()
        torch.manual_seed(3)
        self.model = Model()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.inputs = torch.randn(3, 20, WIDTH)
        self.penalty = torch.zeros(())

    def attach_able(self, **options: Any) -> InstabilityGuard:
        """A guard that is able to do everything, and samples at step 0 only."""
        able: Dict[str, Any] = dict(
            sample_every=1 << 40, on_checkpoint=lambda step: None, on_pause=lambda step, reason: None
        )
        able.update(on_rewind=lambda step, back, skip: step - 1)
        able.update(options)
        return self.attach(**able)

    def train(self, guard: InstabilityGuard, step: int) -> None:
        """One step of a loop that adds the guard's regularization to its loss."""
        self.optimizer.zero_grad()
        loss = self.model(self.inputs).square().mean()
        self.penalty = guard.regularization()
        (loss + self.penalty).backward()
        self.optimizer.step()
        guard.step(step, loss=loss)

    def order(self, id: str, kind: str, at: int = 0, **changed: Any) -> None:
        """An ordinary command of this kind, with other fields or parameters where `changed` says so."""
        layers, parameters = ORDINARY.get(kind, ((), {}))
        self.sidecar.command(id, kind, at, **{"layers": layers, **parameters, **changed})

    def applied(self, guard: InstabilityGuard, step: int, id: str, kind: str, **changed: Any) -> Message:
        """APPLIED of an ordinary command, given and carried out at the boundary of `step`."""
        count = len(self.sidecar.of("APPLIED")) + 1
        self.order(id, kind, step, **changed)
        self.train(guard, step)
        return self.sidecar.await_message("APPLIED", count)

    def not_applied(self, guard: InstabilityGuard, step: int, id: str, kind: str, **changed: Any) -> Tuple[str, str]:
        """Status and reason of a command that comes to nothing."""
        count = len(self.sidecar.of("NOT_APPLIED")) + 1
        self.order(id, kind, step, **changed)
        self.train(guard, step)
        status, reason = self.refusal(count)
        return status, reason or ""
