"""Writes the golden staging files and their HELLOs (and a STEP), which the tests of both sides read.

Run from this folder, with the package on PYTHONPATH: `python golden_staging.py`. The values are exact in every dtype.
"""

import json
import os
import tempfile
from typing import Any, Callable, Dict, Tuple

import torch
from instability_guard import messages
from instability_guard.matrices import track
from instability_guard.options import Options
from instability_guard.report import Report
from instability_guard.residual_mixing import ResidualMixing
from instability_guard.signals import Signals
from instability_guard.staging import StagingFile
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "resources", "golden")
NAME = "staging-v1"
NAME_WITH_SIGNALS = "staging-v1-snapshots"
GENERATION = 1_700_000_000_123


def values(rows: int, columns: int, dtype: torch.dtype) -> torch.Tensor:
    """Element k, row-major, is (k - 7) / 4."""
    return ((torch.arange(rows * columns, dtype=torch.float64) - 7.0) / 4.0).to(dtype).view(rows, columns)


class GoldenModel(nn.Module):
    """Four weights of odd sizes, one per dtype of the layout; a bias that is not tracked."""

    def __init__(self) -> None:
        super().__init__()
        block = nn.Module()
        block.q_proj = nn.Linear(5, 3)
        block.k_proj = nn.Linear(7, 1, bias=False)
        block.fc1 = nn.Linear(3, 11, bias=False)
        self.blocks = nn.ModuleList([block])
        self.extra = nn.Linear(2, 2, bias=False)
        block.k_proj.to(torch.bfloat16)
        block.fc1.to(torch.float16)
        self.extra.to(torch.float64)
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() == 2:
                    parameter.copy_(values(parameter.shape[0], parameter.shape[1], parameter.dtype))


class GoldenMixed(nn.Module):
    """A block of width 3: a static mixer of two streams, a dynamic one, and a query; bfloat16 throughout."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.static = GoldenMixer(start)
        self.dynamic = GoldenMixer(start + 1)
        self.dynamic.coefficients = nn.Linear(9, 4, bias=False)
        self.query = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.dynamic.coefficients.weight.copy_(values(4, 9, torch.float32))
            self.query.weight.copy_(values(2, 3, torch.float32))
        self.to(torch.bfloat16)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Mixes for show, and doubles the stream."""
        self.static.mixing(self.static.matrix)
        self.dynamic.mixing(torch.stack([self.dynamic.matrix, self.dynamic.matrix + 1]))
        return hidden * 2


class GoldenMixer(nn.Module):
    """Owns a 2 x 2 matrix and what it passes."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.tensor([[start, 0.25], [-0.5, 1.0]]))
        self.mixing = ResidualMixing()


class GoldenSignals(nn.Module):
    """Two blocks of width 3; the first is called with five tokens, the second with none."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([GoldenMixed(1.0), GoldenMixed(3.0)])

    def forward(self) -> None:
        """Runs the first block."""
        self.blocks[0](values(5, 3, torch.bfloat16))


def write(folder: str) -> Tuple[bytes, Dict[str, Any]]:
    """The bytes of the staging file, made in `folder`, and its HELLO."""
    content, hello, _ = _write(folder, NAME, GoldenModel(), lambda: None, snapshots=False)
    for field in ("snapshots", "mixers", "heads"):
        del hello[field]
    return content, hello


def write_with_signals(folder: str) -> Tuple[bytes, Dict[str, Any], Dict[str, Any]]:
    """The same for a model with snapshots and mixers, and the fields of its STEP."""
    model = GoldenSignals()
    return _write(folder, NAME_WITH_SIGNALS, model, model, mixing_order=2, mixers_total=8)


def _write(
    folder: str, name: str, model: nn.Module, forward: Callable[[], None], **options: Any
) -> Tuple[bytes, Dict[str, Any], Dict[str, Any]]:
    chosen = Options("golden-run", None, GENERATION, 10, 5, 2.0, None, 2.0, None, None, (), None, 1, 2, **options)
    signals = Signals(model, track(model).matrices, chosen, Report())
    staging = StagingFile(os.path.join(folder, name + ".bin"), signals.shapes, GENERATION)
    for matrix, slot in zip(signals.matrices, staging.slots):
        slot.copy_(matrix.live())
    signals.arm(50)
    forward()
    step = signals.stage(50, staging.slots)
    signals.disarm()
    identity = messages.Identity("golden-run", GENERATION, 1_700_000_000_456, 1, 2, 4242, 10, 5, False)
    applied = [("command-a", 17), ("command-b", 40)]
    hello = messages.hello(identity, staging, signals.matrices, 41, applied, signals.hello(staging.offsets))
    hello["staging"]["path"] = name + ".bin"
    hello.update(hookVersion="golden", torchVersion="golden")
    with open(staging.path, "rb") as file:
        content = file.read()
    staging.close()
    return content, hello, step


def main() -> None:
    """Rewrites all golden files."""
    with tempfile.TemporaryDirectory() as folder:
        content, hello = write(folder)
        content_with_signals, hello_with_signals, step = write_with_signals(folder)
    _save(NAME + ".bin", content)
    _save(NAME + ".json", _json(hello))
    _save(NAME_WITH_SIGNALS + ".bin", content_with_signals)
    _save(NAME_WITH_SIGNALS + ".json", _json(hello_with_signals))
    _save(NAME_WITH_SIGNALS + "-step.json", _json(step))


def _json(message: Dict[str, Any]) -> bytes:
    return (json.dumps(message, indent=2) + "\n").encode("utf-8")


def _save(name: str, content: bytes) -> None:
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
