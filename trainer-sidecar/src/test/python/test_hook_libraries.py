"""`attach` on models of the real `transformers` and `peft`, where they can be imported.

Their shapes are tested without them too: see `test_hook_models`.
"""

import importlib.util
import unittest
from typing import Any

import torch
from torch import nn

from test_hook_models import ShapeCase
from training_models import Shape

WIDTH = 16
LAYER = "model.layers.1."
_SIZES = dict(vocab_size=32, hidden_size=WIDTH, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4)
_INPUTS = torch.arange(12).view(2, 6)


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(num_key_value_heads=2, **_SIZES))


@unittest.skipUnless(importlib.util.find_spec("transformers"), "transformers cannot be imported")
class TransformersTest(ShapeCase):
    def setUp(self) -> None:
        super().setUp()
        torch.manual_seed(9)

    def output(self) -> torch.Tensor:
        return self.model(input_ids=self.inputs).logits

    def assert_taken(self, model: nn.Module, matrices: int, name: str, role: str, view: Any) -> None:
        self.assert_repaired(Shape(model, _INPUTS, matrices, {name: role}, {name: view}))

    def test_should_take_gpt2(self) -> None:
        from transformers import GPT2Config, GPT2LMHeadModel

        ids = dict(bos_token_id=0, eos_token_id=0)
        model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=8, n_embd=WIDTH, n_layer=2, n_head=2, **ids))
        self.assert_taken(
            model.train(),
            12,
            "transformer.h.1.attn.c_attn.weight[key]",
            "KEY",
            lambda m: m.transformer.h[1].attn.c_attn.weight[:, WIDTH : 2 * WIDTH].t(),
        )

    def test_should_take_llama(self) -> None:
        name = LAYER + "mlp.down_proj.weight"
        self.assert_taken(llama(), 14, name, "MLP_DOWN", lambda m: m.model.layers[1].mlp.down_proj.weight)

    def test_should_take_the_stacked_experts_of_mixtral(self) -> None:
        from transformers import MixtralConfig, MixtralForCausalLM

        model = MixtralForCausalLM(MixtralConfig(num_key_value_heads=2, num_local_experts=4, **_SIZES))
        name = LAYER + "mlp.experts.gate_up_proj[3]"
        self.assert_taken(model, 26, name, "MLP_UP", lambda m: m.model.layers[1].mlp.experts.gate_up_proj[3])

    def test_should_take_the_transposed_experts_of_gpt_oss(self) -> None:
        from transformers import GptOssConfig, GptOssForCausalLM

        model = GptOssForCausalLM(GptOssConfig(num_key_value_heads=2, num_local_experts=4, head_dim=4, **_SIZES))
        name = LAYER + "mlp.experts.down_proj[0]"
        self.assert_taken(model, 26, name, "MLP_DOWN", lambda m: m.model.layers[1].mlp.experts.down_proj[0].t())

    @unittest.skipUnless(importlib.util.find_spec("peft"), "peft cannot be imported")
    def test_should_measure_the_adapters_of_peft(self) -> None:
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(llama(), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
        name = "base_model." + "model." + LAYER + "self_attn.q_proj.lora[default]"
        shape = Shape(model, _INPUTS, 16, {name: "QUERY"}, {name: lambda m: self.product(m)})
        self.assert_only_measured(shape, "it is a product of two factors")

    @staticmethod
    def product(model: nn.Module) -> torch.Tensor:
        layer = model.base_model.model.model.layers[1].self_attn.q_proj
        return layer.get_delta_weight("default") / layer.scaling["default"]


if __name__ == "__main__":
    unittest.main()
