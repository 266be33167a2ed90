"""LoRA adapters: two thin factors beside a weight, whose product B A is what they add to it (arXiv 2106.09685, eq. 3).

Known by the names of `peft` (`q_proj.base_layer.weight`, `q_proj.lora_A.default.weight`) and of `loralib`
(`q_proj.weight`, `q_proj.lora_A`). The product is taken without the adapter's scaling, which no spectrum notices.
"""

import re
from typing import Mapping, NamedTuple, Tuple

import torch

_FACTOR = re.compile(r"(?:^|\.)lora_(?:embedding_)?([A-Z])(?:\.|$)")


class LowRankProduct(NamedTuple):
    """`left` (outputs x rank) times `right` (rank x inputs), beside the weight at path `adapted`."""

    name: str
    adapted: str
    left: torch.Tensor
    right: torch.Tensor


def is_factor(path: str) -> bool:
    """Whether the parameter at `path` belongs to an adapter: alone it says nothing about a layer."""
    return _FACTOR.search(path) is not None


def is_left_factor(path: str) -> bool:
    """Whether the parameter at `path` is the B of a pair."""
    found = _FACTOR.search(path)
    return found is not None and found.group(1) == "B"


def product_at(path: str, parameters: Mapping[str, torch.Tensor]) -> LowRankProduct:
    """The product whose B is at `path`; `ValueError` when it is not added to one whole matrix."""
    layer, adapter = _split(path)
    left, right = parameters[path], parameters.get(re.sub(r"lora_(embedding_)?B", r"lora_\1A", path))
    adapted = next((base for base in (layer + ".base_layer.weight", layer + ".weight") if base in parameters), "")
    if right is None or not adapted or not _fit(left, right, parameters[adapted]):
        raise ValueError("its factors are not a pair that is added to one whole matrix")
    return LowRankProduct(layer + ".lora" + ("[%s]" % adapter if adapter else ""), adapted, left, right)


def _fit(left: torch.Tensor, right: torch.Tensor, adapted: torch.Tensor) -> bool:
    """Whether B A exists and has the shape of the weight, which may be stored transposed."""
    if not left.dim() == right.dim() == adapted.dim() == 2 or left.shape[1] != right.shape[0]:
        return False
    return sorted((left.shape[0], right.shape[1])) == sorted(adapted.shape)


def _split(path: str) -> Tuple[str, str]:
    """`a.q_proj.lora_B.default.weight` -> a.q_proj, default."""
    layer, _, rest = re.sub(r"\.weight$", "", path).rpartition("lora_")
    return layer.rstrip("."), rest.partition(".")[2]
