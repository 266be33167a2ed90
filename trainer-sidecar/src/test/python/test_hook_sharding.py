"""Sharded weights are measured and repaired as the whole matrices that they are parts of."""

import unittest
import weakref
from typing import Any, Dict, List, Tuple

import torch
from instability_guard.sharding import Part, flat_parameters, is_tiled
from instability_guard.spare_slots import SpareSlots
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.utils._python_dispatch import TorchDispatchMode

from fake_sidecar import Message, sampled
from hook_case import MSIGN
from rank_case import LAYERS, UP, WIDTH, Block, Model, Rank, on_ranks


class FullyShardedDataParallel(nn.Module):
    """Named like the older wrapper, by which name it is told apart."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner


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


def up_projection_repaired(rank: Rank) -> Tuple[Dict[str, Tensor], Dict[str, Tensor]]:
    """All weights before and after a repair of one of four layers, while the slots of the others are spare."""
    shard(rank, "fully_shard")
    rank.sidecar.replace = polar_factor
    guard = rank.attach(agree_every=1, sample_every=100)
    before = full(rank)
    rank.sidecar.command("c1", MSIGN, at=1, layers=[UP])
    for step in range(3):
        guard.step(step)
    guard.close()
    rank.sidecar.await_message("APPLIED")
    return before, full(rank)


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of the storages that operations make and somebody still holds; views of older ones are free."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = self._held = 0
        self._known: Dict[int, int] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {
            t.untyped_storage().data_ptr() for t in torch.utils._pytree.tree_leaves((args, kwargs)) if _is_plain(t)
        }
        made = function(*args, **(kwargs or {}))
        for tensor in filter(_is_plain, torch.utils._pytree.tree_leaves(made)):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in given and storage.data_ptr() not in self._known:
                self._known[storage.data_ptr()] = storage.nbytes()
                self._held += storage.nbytes()
                weakref.finalize(storage, self._let_go, storage.data_ptr())
        self.peak = max(self.peak, self._held)
        return made

    def _let_go(self, pointer: int) -> None:
        self._held -= self._known.pop(pointer)


def _is_plain(value: Any) -> bool:
    return type(value) is Tensor and value.untyped_storage().nbytes() > 0


def memory_of_a_repair(rank: Rank) -> Tuple[int, int, int]:
    """Bytes held at most beside the slots while all layers of six blocks are measured, and while all are replaced."""
    rank.model.blocks.extend(Block() for _ in range(5))
    shard(rank, "fully_shard")
    rank.sidecar.replace = polar_factor
    rank.sidecar.on["STEP"] = sampled
    guard = rank.attach(agree_every=1, sample_every=2)
    rank.sidecar.command("c1", MSIGN, at=1, layers=[name for name, _ in rank.model.named_parameters()])
    peaks = []
    for step in range(2):
        with PeakMemory() as memory:
            guard.step(step)
        peaks.append(memory.peak)
    guard.close()
    applied = rank.sidecar.await_message("APPLIED")
    return peaks[0], peaks[1], int(applied["measurements"]["layersReplaced"])


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

    def test_should_hold_two_whole_matrices_at_most_beside_the_slots(self) -> None:
        largest = 13 * WIDTH * 4
        for measuring, replacing, layers in on_ranks(2, memory_of_a_repair):
            self.assertEqual(layers, 24)
            self.assertLessEqual(measuring, largest)
            self.assertGreater(replacing, largest // 2, "one part is sent while another waits, or nothing was counted")
            self.assertLessEqual(replacing, 2 * largest)

    def test_should_repair_one_layer_and_leave_the_others(self) -> None:
        for before, after in on_ranks(4, up_projection_repaired):
            for name, weight in before.items():
                expected = polar_factor(weight) if name == UP else weight
                torch.testing.assert_close(after[name], expected, rtol=2e-6, atol=1e-6 if name == UP else 0.0)

    def test_should_lend_a_spare_slot_once(self) -> None:
        slot = torch.zeros(40, 2)
        spare = SpareSlots([slot])
        first, second, third = (spare.empty(Part(0, 0, 3, 5), "float32") for _ in range(3))
        for value, part in enumerate((first, second, third), 1):
            part.fill_(value)
        self.assertEqual([int((slot == value).sum()) for value in (1, 2, 3)], [15, 15, 15])
        self.assertEqual(first.shape, (3, 5))
        elsewhere = spare.empty(Part(0, 0, 3, 11), "float32")
        elsewhere.fill_(4)
        self.assertEqual(int((slot == 4).sum()), 0)
        spare.add(slot)
        spare.empty(Part(0, 0, 3, 11), "float32").fill_(5)
        self.assertEqual(int((slot == 5).sum()), 33)

    def test_should_know_whether_parts_make_up_a_whole(self) -> None:
        self.assertTrue(is_tiled([Part(0, 0, 2, 3), Part(2, 0, 1, 1), Part(2, 1, 1, 2)], 3, 3))
        self.assertFalse(is_tiled([Part(0, 0, 2, 3)], 3, 3), "a row is missing")
        self.assertFalse(is_tiled([Part(0, 0, 2, 3), Part(1, 0, 1, 3)], 3, 3), "a row is there twice")
        self.assertFalse(is_tiled([Part(0, 0, 2, 3), Part(2, 1, 1, 3)], 3, 3), "a part lies outside")

    def test_should_name_what_flat_parameters_keep_from_it(self) -> None:
        model = nn.Sequential(FullyShardedDataParallel(nn.Linear(2, 2)), nn.Linear(2, 2))
        ((path, reason),) = flat_parameters(model)
        self.assertEqual(path, "0")
        self.assertIn("fully_shard instead", reason)


if __name__ == "__main__":
    unittest.main()
