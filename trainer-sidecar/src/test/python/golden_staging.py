"""Writes the golden staging file and its HELLO, which the tests of both sides read.

Run from this folder, with the package on PYTHONPATH: `python golden_staging.py`. The values are exact in every dtype.
"""

import json
import os
import tempfile
from typing import Any, Dict, Tuple

import torch
from instability_guard import messages
from instability_guard.matrices import track
from instability_guard.staging import StagingFile
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "resources", "golden")
NAME = "staging-v1"
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


def write(folder: str) -> Tuple[bytes, Dict[str, Any]]:
    """The bytes of the staging file, made in `folder`, and its HELLO."""
    matrices = track(GoldenModel()).matrices
    staging = StagingFile(os.path.join(folder, NAME + ".bin"), [m.shape for m in matrices], GENERATION)
    for matrix, slot in zip(matrices, staging.slots):
        slot.copy_(matrix.live())
    identity = messages.Identity("golden-run", GENERATION, 1_700_000_000_456, 1, 2, 4242, 10, 5, False)
    hello = messages.hello(identity, staging, matrices, 41, [("command-a", 17), ("command-b", 40)])
    hello["staging"]["path"] = NAME + ".bin"
    hello.update(hookVersion="golden", torchVersion="golden")
    with open(staging.path, "rb") as file:
        content = file.read()
    staging.close()
    return content, hello


def main() -> None:
    """Rewrites both golden files."""
    with tempfile.TemporaryDirectory() as folder:
        content, hello = write(folder)
    with open(os.path.join(FOLDER, NAME + ".bin"), "wb") as file:
        file.write(content)
    with open(os.path.join(FOLDER, NAME + ".json"), "w", encoding="utf-8") as file:
        json.dump(hello, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
