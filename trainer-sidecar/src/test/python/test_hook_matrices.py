"""Which weights are tracked, as what, and how they are read."""

import unittest
from typing import Any, Dict, List, Tuple

import torch
from instability_guard.matrices import track
from instability_guard.roles import depth_of, role_of
from torch import nn


class Conv1D(nn.Module):
    """The layout of GPT-2: inputs x outputs."""

    def __init__(self, outputs: int, inputs: int) -> None:
        super().__init__()
        self.nf = outputs
        self.weight = nn.Parameter(torch.randn(inputs, outputs))


def tracked(model: nn.Module, **options: Any) -> List[Tuple[str, str, int, int, int]]:
    return [(m.name, m.role, m.depth, m.rows, m.columns) for m in track(model, **options).matrices]


def holder(**modules: nn.Module) -> nn.Module:
    return nn.ModuleDict(modules)


class MatricesTest(unittest.TestCase):
    def test_should_know_the_roles_of_common_architectures(self) -> None:
        expected: Dict[str, str] = {
            "model.layers.3.self_attn.q_proj.weight": "QUERY",
            "encoder.layer.0.attention.self.key.weight": "KEY",
            "layers.1.attention.wv.weight": "VALUE",
            "layers.1.attention.wo.weight": "OUTPUT",
            "h.0.attn.c_proj.weight": "OUTPUT",
            "h.0.mlp.c_proj.weight": "MLP_DOWN",
            "h.0.mlp.c_fc.weight": "MLP_UP",
            "h.0.attn.c_attn.weight": "QKV",
            "blocks.0.attn.qkv.weight": "QKV",
            "blocks.0.attn.proj.weight": "OUTPUT",
            "layers.0.self_attn.in_proj_weight": "QKV",
            "layers.0.self_attn.q_proj_weight": "QUERY",
            "layers.0.self_attn.out_proj.weight": "OUTPUT",
            "layers.0.linear1.weight": "MLP_UP",
            "layers.0.linear2.weight": "MLP_DOWN",
            "layers.0.feed_forward.w1.weight": "MLP_UP",
            "layers.0.feed_forward.w2.weight": "MLP_DOWN",
            "layers.0.feed_forward.w3.weight": "MLP_UP",
            "layers.0.mlp.gate_proj.weight": "MLP_UP",
            "layers.0.mlp.down_proj.weight": "MLP_DOWN",
            "encoder.layer.0.attention.output.dense.weight": "OUTPUT",
            "encoder.layer.0.intermediate.dense.weight": "MLP_UP",
            "encoder.layer.0.output.dense.weight": "MLP_DOWN",
            "block.0.layer.1.DenseReluDense.wo.weight": "MLP_DOWN",
            "blocks.0.mlp.0.weight": "MLP_UP",
            "layers.0.attention.query_key_value.weight": "OTHER",
            "router.weight": "OTHER",
        }
        self.assertEqual({path: role_of(path, 8, 4) for path in expected}, expected)
        self.assertEqual(role_of("blocks.0.mlp.2.weight", 4, 8), "MLP_DOWN")

    def test_should_read_the_depth_from_the_first_integer(self) -> None:
        paths = ["h.11.mlp.0.weight", "block_3.fc1.weight", "layer2.w", "fc1.weight", "router.weight"]
        self.assertEqual([depth_of(path) for path in paths], [11, 3, 2, -1, -1])

    def test_should_leave_embeddings_and_head_out_by_default(self) -> None:
        model = holder(wte=nn.Embedding(9, 4), token_emb=nn.Linear(4, 4), body=nn.Linear(4, 4), lm_head=nn.Linear(4, 9))
        model.register_parameter("pos_embedding", nn.Parameter(torch.zeros(8, 4)))
        self.assertEqual([name for name, *_ in tracked(model)], ["body.weight"])
        everything = [name for name, *_ in tracked(model, include=["*"])]
        self.assertEqual(len(everything), 5)
        chosen = [name for name, *_ in tracked(model, include=["*"], exclude=["*e*.weight"])]
        self.assertEqual(chosen, ["pos_embedding", "body.weight"])

    def test_should_leave_a_head_out_that_is_tied_to_the_embedding(self) -> None:
        model = holder(decode=nn.Linear(4, 9, bias=False), tokens=nn.Embedding(9, 4))
        model["decode"].weight = model["tokens"].weight
        self.assertEqual(tracked(model), [])

    def test_should_track_a_shared_weight_once(self) -> None:
        shared = nn.Linear(4, 4)
        self.assertEqual([name for name, *_ in tracked(holder(one=shared, two=shared))], ["one.weight"])

    def test_should_split_a_fused_weight_at_its_boundaries(self) -> None:
        attention = nn.MultiheadAttention(4, 2)
        model = holder(attn=attention)
        parts = track(model).matrices[:3]
        self.assertEqual([m.name for m in parts], ["attn.in_proj_weight[%s]" % r for r in ("query", "key", "value")])
        self.assertEqual([m.role for m in parts], ["QUERY", "KEY", "VALUE"])
        whole = torch.cat([part.live() for part in parts])
        self.assertTrue(torch.equal(whole, attention.in_proj_weight))

    def test_should_split_grouped_heads(self) -> None:
        shapes = [(rows, columns) for _, _, _, rows, columns in tracked(holder(qkv_proj=nn.Linear(8, 12)))]
        self.assertEqual(shapes, [(8, 8), (2, 8), (2, 8)])

    def test_should_transpose_and_split_the_layout_of_gpt2(self) -> None:
        module = Conv1D(6, 2)
        parts = track(holder(c_attn=module)).matrices
        self.assertEqual([(m.rows, m.columns) for m in parts], [(2, 2)] * 3)
        self.assertTrue(torch.equal(parts[1].live(), module.weight[:, 2:4].t()))
        with torch.no_grad():
            parts[1].live().copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        self.assertTrue(torch.equal(module.weight[:, 2:4], torch.tensor([[1.0, 3.0], [2.0, 4.0]])))

    def test_should_let_roles_be_overridden(self) -> None:
        model = holder(a=nn.Linear(4, 4), b=nn.Linear(4, 12))
        roles = {"a.*": "OUTPUT", "b.*": "QKV"}
        self.assertEqual([r for _, r, *_ in tracked(model, role_overrides=roles)], ["OUTPUT", "QUERY", "KEY", "VALUE"])

    def test_should_leave_out_what_it_cannot_copy_and_say_so(self) -> None:
        integers = nn.Module()
        integers.weight = nn.Parameter(torch.zeros(2, 2, dtype=torch.int8), requires_grad=False)
        model = holder(a=integers, b=nn.Linear(2, 2, device="meta"), c=nn.Linear(2, 2))
        tracking = track(model)
        self.assertEqual([m.name for m in tracking.matrices], ["c.weight"])
        self.assertEqual([path for path, _ in tracking.left_out], ["a.weight", "b.weight"])

    def test_should_keep_hello_below_the_largest_message(self) -> None:
        model = nn.ModuleDict({"m%d_%s" % (i, "x" * 300): nn.Linear(1, 1, bias=False) for i in range(2000)})
        tracking = track(model)
        self.assertEqual(len(tracking.matrices) + len(tracking.left_out), 2000)
        self.assertLess(sum(len(m.name) + 200 for m in tracking.matrices), 900_001)

    def test_should_not_name_the_wrappers_around_a_model(self) -> None:
        model = holder(module=holder(_orig_mod=holder(fc1=nn.Linear(2, 2))))
        self.assertEqual([name for name, *_ in tracked(model)], ["fc1.weight"])


if __name__ == "__main__":
    unittest.main()
