"""One small model for each shape of training code that the hook must take as it is, with what is expected of it."""

from typing import Any, Callable, Dict, NamedTuple

import torch
from reference_trainer.model import CharacterGpt
from torch import nn
from torch.nn import functional

from signal_models import HEADS, WIDTH, Gpt, Llama, conv1d, symbols

View = Callable[[Any], torch.Tensor]
EXPERTS = 3
RANK = 2


class Shape(NamedTuple):
    """A model, what it is called with, and the number of its tracked matrices; roles of some of them by name.

    `views`: some matrices by name, outputs x inputs, cut out of the model by hand.
    """

    model: nn.Module
    inputs: torch.Tensor
    matrices: int
    roles: Dict[str, str]
    views: Dict[str, View]


class AdaptedLinear(nn.Module):
    """The tree of `peft`: a frozen layer with a pair of factors for each adapter."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.base_layer = layer.requires_grad_(False)
        outputs, inputs = layer.weight.shape
        self.lora_A = nn.ModuleDict({"default": nn.Linear(inputs, RANK, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(RANK, outputs, bias=False)})

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.base_layer(hidden) + 2.0 * self.lora_B["default"](self.lora_A["default"](hidden))


class PlainAdaptedLinear(nn.Linear):
    """The tree of `loralib`: the factors are parameters of the layer itself."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.weight.requires_grad_(False)
        self.lora_A = nn.Parameter(torch.randn(RANK, inputs))
        self.lora_B = nn.Parameter(torch.randn(outputs, RANK))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden) + hidden @ self.lora_A.t() @ self.lora_B.t()


class StackedExperts(nn.Module):
    """Experts in 3-D weights, (experts, outputs, inputs) or, `is_transposed`, (experts, inputs, outputs)."""

    def __init__(self, is_transposed: bool) -> None:
        super().__init__()
        self.is_transposed = is_transposed
        shapes = {"gate_up_proj": (4 * WIDTH, WIDTH), "down_proj": (WIDTH, 2 * WIDTH)}
        for name, (outputs, inputs) in shapes.items():
            shape = (inputs, outputs) if is_transposed else (outputs, inputs)
            self.register_parameter(name, nn.Parameter(torch.randn(EXPERTS, *shape) * 0.3))
        self.gate_up_proj_bias = nn.Parameter(torch.zeros(EXPERTS, 4 * WIDTH))

    def forward(self, hidden: torch.Tensor, expert: int) -> torch.Tensor:
        up, down = self.gate_up_proj[expert], self.down_proj[expert]
        up, down = (up.t(), down.t()) if self.is_transposed else (up, down)
        gate, opened = functional.linear(hidden, up, self.gate_up_proj_bias[expert]).chunk(2, -1)
        return functional.linear(functional.silu(gate) * opened, down)


class ListedExpert(nn.Module):
    """One expert of a `ModuleList`, with the names of Mixtral before its weights were stacked."""

    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w3 = (nn.Linear(WIDTH, 2 * WIDTH, bias=False) for _ in range(2))
        self.w2 = nn.Linear(2 * WIDTH, WIDTH, bias=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.w2(functional.silu(self.w1(hidden)) * self.w3(hidden))


class ListedExperts(nn.ModuleList):
    """Called like the stacked ones."""

    def forward(self, hidden: torch.Tensor, expert: int) -> torch.Tensor:
        return self[expert](hidden)


class Mixture(nn.Module):
    """A router and experts, all of which see every token: small enough for a test, and each gets gradients."""

    def __init__(self, experts: nn.Module) -> None:
        super().__init__()
        self.gate = nn.Linear(WIDTH, EXPERTS, bias=False)
        self.experts = experts

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        shares = self.gate(hidden).softmax(-1)
        return sum(shares[..., e : e + 1] * self.experts(hidden, e) for e in range(EXPERTS))


class MixtureModel(nn.Module):
    """Two blocks of nothing but a mixture."""

    def __init__(self, make_experts: Callable[[], nn.Module]) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.embed_tokens = nn.Embedding(11, WIDTH)
        self.layers = nn.ModuleList([nn.ModuleDict({"mlp": Mixture(make_experts())}) for _ in range(2)])

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.embed_tokens(inputs)
        for layer in self.layers:
            hidden = hidden + layer["mlp"](hidden)
        return hidden


_C_ATTN, _C_PROJ, _C_FC = "transformer.h.0.attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight"
_GPT_ROLES = {
    _C_ATTN + "[query]": "QUERY",
    _C_ATTN + "[key]": "KEY",
    _C_ATTN + "[value]": "VALUE",
    "transformer.h.1." + _C_PROJ: "OUTPUT",
    "transformer.h.1." + _C_FC: "MLP_UP",
    "transformer.h.1.mlp.c_proj.weight": "MLP_DOWN",
}


def reference() -> Shape:
    """The reference trainer's model."""
    roles = {"blocks.0.attention.query.weight": "QUERY", "blocks.1.mlp.down.weight": "MLP_DOWN"}
    torch.manual_seed(2)
    model = CharacterGpt(11, 2, WIDTH, HEADS, 8, "pre")
    views = {"blocks.0.attention.query.weight": lambda m: m.blocks[0].attention.query.weight}
    return Shape(model, symbols(), 12, roles, views)


def nano_gpt() -> Shape:
    """nanoGPT: query, key and value fused; head tied to the embedding."""
    views: Dict[str, View] = {
        _C_ATTN + "[key]": lambda m: m.transformer["h"][0].attn.c_attn.weight[WIDTH : 2 * WIDTH],
        "transformer.h.1." + _C_FC: lambda m: m.transformer["h"][1].mlp["c_fc"].weight,
    }
    return Shape(Gpt(2), symbols(), 12, _GPT_ROLES, views)


def gpt2() -> Shape:
    """GPT-2 as Hugging Face has it: weights are inputs x outputs."""
    views: Dict[str, View] = {
        _C_ATTN + "[key]": lambda m: m.transformer["h"][0].attn.c_attn.weight[:, WIDTH : 2 * WIDTH].t(),
        "transformer.h.1." + _C_FC: lambda m: m.transformer["h"][1].mlp["c_fc"].weight.t(),
    }
    return Shape(Gpt(2, make=conv1d, as_tuple=True), symbols(), 12, _GPT_ROLES, views)


def encoder() -> Shape:
    """`torch.nn.TransformerEncoder`."""
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 16, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    name = "layers.1.self_attn.in_proj_weight[value]"
    roles = {name: "VALUE", "layers.0.self_attn.out_proj.weight": "OUTPUT", "layers.0.linear1.weight": "MLP_UP"}
    views = {name: lambda m: m.layers[1].self_attn.in_proj_weight[2 * WIDTH :]}
    return Shape(model, torch.randn(3, 6, WIDTH), 12, roles, views)


def llama() -> Shape:
    """Llama: fewer keys than queries."""
    name = "model.layers.1.self_attn.k_proj.weight"
    model = Llama()
    for block in model.model.layers:
        del block.experts
    views = {name: lambda m: m.model.layers[1].self_attn.k_proj.weight}
    return Shape(model, symbols(), 12, {name: "KEY", "model.layers.0.mlp.up_proj.weight": "MLP_UP"}, views)


def compiled() -> Shape:
    """The whole model compiled: names are those of the model inside."""
    shape = nano_gpt()
    views = {name: lambda m, view=view: view(m._orig_mod) for name, view in shape.views.items()}
    return shape._replace(model=torch.compile(shape.model, backend="eager"), views=views)


def compiled_blocks() -> Shape:
    """Each block compiled by itself."""
    shape = nano_gpt()
    blocks = shape.model.transformer["h"]
    for index, block in enumerate(blocks):
        blocks[index] = torch.compile(block, backend="eager")
    return shape


def tied() -> Shape:
    """Two blocks that share every weight."""
    shape = nano_gpt()
    blocks = shape.model.transformer["h"]
    blocks[1] = blocks[0]
    roles = {name: role for name, role in _GPT_ROLES.items() if ".h.0." in name}
    views = {name: view for name, view in shape.views.items() if ".h.0." in name}
    return shape._replace(matrices=6, roles=roles, views=views)


def stacked_experts() -> Shape:
    """Experts in one 3-D weight."""
    name = "layers.1.mlp.experts.gate_up_proj[2]"
    roles = {name: "MLP_UP", "layers.0.mlp.experts.down_proj[0]": "MLP_DOWN", "layers.0.mlp.gate.weight": "OTHER"}
    views = {name: lambda m: m.layers[1]["mlp"].experts.gate_up_proj[2]}
    model = MixtureModel(lambda: StackedExperts(is_transposed=False))
    return Shape(model, symbols(), 2 * (1 + 2 * EXPERTS), roles, views)


def transposed_experts() -> Shape:
    """The same with inputs before outputs."""
    shape = stacked_experts()
    views = {name: lambda m: m.layers[1]["mlp"].experts.gate_up_proj[2].t() for name in shape.views}
    return shape._replace(model=MixtureModel(lambda: StackedExperts(is_transposed=True)), views=views)


def listed_experts() -> Shape:
    """Experts as modules of their own."""
    name = "layers.1.mlp.experts.2.w2.weight"
    model = MixtureModel(lambda: ListedExperts([ListedExpert() for _ in range(EXPERTS)]))
    roles = {name: "MLP_DOWN", "layers.0.mlp.experts.0.w3.weight": "MLP_UP", "layers.0.mlp.gate.weight": "OTHER"}
    views = {name: lambda m: m.layers[1]["mlp"].experts[2].w2.weight}
    return Shape(model, symbols(), 2 * (1 + 3 * EXPERTS), roles, views)


def adapted() -> Shape:
    """Llama with adapters on query and value, and all else frozen."""
    shape = llama()
    shape.model.requires_grad_(False)
    for block in shape.model.model.layers:
        attention = block.self_attn
        attention.q_proj, attention.v_proj = AdaptedLinear(attention.q_proj), AdaptedLinear(attention.v_proj)
    layer = "model.layers.0.self_attn."
    roles = {
        layer + "q_proj.base_layer.weight": "QUERY",
        layer + "q_proj.lora[default]": "QUERY",
        layer + "v_proj.lora[default]": "VALUE",
    }
    views = {layer + "q_proj.lora[default]": lambda m: _product(m.model.layers[0].self_attn.q_proj)}
    return shape._replace(matrices=16, roles=roles, views=views)


def plainly_adapted() -> Shape:
    """nanoGPT with an adapter on a fused projection: its product is split too."""
    shape = nano_gpt()
    attention = shape.model.requires_grad_(False).transformer["h"][0].attn
    attention.c_attn = PlainAdaptedLinear(WIDTH, 3 * WIDTH)
    name = "transformer.h.0.attn.c_attn.lora[key]"
    views = {name: lambda m: (_factors(m).lora_B @ _factors(m).lora_A)[WIDTH : 2 * WIDTH]}
    return shape._replace(matrices=15, roles={**_GPT_ROLES, name: "KEY"}, views=views)


def _product(layer: AdaptedLinear) -> torch.Tensor:
    return layer.lora_B["default"].weight @ layer.lora_A["default"].weight


def _factors(model: Gpt) -> PlainAdaptedLinear:
    return model.transformer["h"][0].attn.c_attn
