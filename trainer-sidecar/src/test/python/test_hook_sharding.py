"""Sharded weights are measured and repaired as the whole matrices that they are parts of."""

import unittest
from typing import Any, Dict, List, Tuple

import torch
import torch.distributed as distributed
from instability_guard.sharding import Part, is_tiled, local_part
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from fake_sidecar import Message, sampled
from hook_case import MSIGN
from rank_case import KEY, LAYERS, UP, Model, Rank, on_ranks

LAYOUTS = ("fully_shard", "tensor parallel", "both dimensions")


def shard(rank: Rank, layout: str) -> None:
    """Lays the model out, and gives it an optimizer of its own."""
    mesh = init_device_mesh("cpu", (rank.size,), mesh_dim_names=("ranks",))
    if layout == "fully_shard":
        fully_shard(rank.model, mesh=mesh)
    elif layout == "tensor parallel":
        plan = {"q_proj": ColwiseParallel(), "k_proj": ColwiseParallel(), "fc1": ColwiseParallel()}
        parallelize_module(rank.model.blocks[0], mesh, dict(plan, fc2=RowwiseParallel()))
    else:
        grid = init_device_mesh("cpu", (2, rank.size // 2), mesh_dim_names=("replicas", "ranks"))
        fully_shard(rank.model, mesh=grid)
    rank.optimizer = torch.optim.Adam(rank.model.parameters(), lr=0.0)


def full(rank: Rank) -> Dict[str, Tensor]:
    """Every weight, put together by PyTorch itself."""
    return {name: weight.full_tensor().detach() for name, weight in rank.model.named_parameters()}


def stable_rank(weight: Tensor) -> float:
    return float(weight.double().square().sum() / torch.linalg.matrix_norm(weight.double(), 2) ** 2)


def polar_factor(weight: Tensor) -> Tensor:
    """As the sidecar's: of the same Frobenius norm."""
    left, _, right = torch.linalg.svd(weight, full_matrices=False)
    return (left @ right) * (weight.norm() / (left @ right).norm())


def measured_and_repaired(rank: Rank, layout: str) -> Tuple[Dict[str, float], Dict[str, Tensor], List[Message], int]:
    """Stable ranks that the sidecars saw, the weights after a repair of all layers, the answers, what went wrong."""
    shard(rank, layout)
    seen: Dict[str, float] = {}

    def measure(sidecar: Any, message: Message) -> None:
        for matrix in sidecar.hello["matrices"] if message["sample"] else ():
            seen[matrix["name"]] = stable_rank(sidecar.slot(matrix)[1])
        sampled(sidecar, message)

    rank.sidecar.on["STEP"] = measure
    rank.sidecar.replace = polar_factor
    guard = rank.attach(agree_every=1, sample_every=100)
    rank.sidecar.command("c1", MSIGN, at=1, layers=LAYERS)
    for step in range(3):
        guard.step(step)
    errors = guard.statistics["errors"]
    guard.close()
    rank.sidecar.await_message("BYE")
    return seen, full(rank), rank.sidecar.of("APPLIED") + rank.sidecar.of("NOT_APPLIED"), errors


class ShardingTest(unittest.TestCase):
    def expect_as_unsharded(self, size: int, layout: str) -> None:
        expected = {name: weight.detach() for name, weight in Model().named_parameters()}
        told = on_ranks(size, measured_and_repaired, layout)
        seen = {name: value for ranks in told for name, value in ranks[0].items()}
        self.assertEqual(sum(len(ranks[0]) for ranks in told), len(LAYERS), "each layer has one owner")
        for name, weight in expected.items():
            self.assertAlmostEqual(seen[name] / stable_rank(weight), 1.0, delta=1e-5)
            for _, after, answers, errors in told:
                torch.testing.assert_close(after[name], polar_factor(weight), rtol=2e-6, atol=1e-6)
                self.assertTrue(torch.equal(after[name], told[0][1][name]))
                self.assertEqual(([answer["type"] for answer in answers], errors), (["APPLIED"], 0))

    def test_should_treat_fully_sharded_weights_as_whole_ones(self) -> None:
        self.expect_as_unsharded(2, "fully_shard")
        self.expect_as_unsharded(4, "fully_shard")

    def test_should_treat_tensor_parallel_weights_as_whole_ones(self) -> None:
        self.expect_as_unsharded(2, "tensor parallel")
        self.expect_as_unsharded(4, "tensor parallel")

    def test_should_treat_replicated_shards_as_one_whole(self) -> None:
        self.expect_as_unsharded(4, "both dimensions")


if __name__ == "__main__":
    unittest.main()
