"""What a weight does in its block, read from its parameter path."""

import re
from typing import List

QUERY = "QUERY"
KEY = "KEY"
VALUE = "VALUE"
OUTPUT = "OUTPUT"
MLP_UP = "MLP_UP"
MLP_DOWN = "MLP_DOWN"
OTHER = "OTHER"
RESIDUAL_MIXING = "RESIDUAL_MIXING"
"""A static hyper-connection matrix; see `instability_guard.mixers`."""
FUSED = "QKV"
"""Query, key and value stacked in one weight, in this order; only for the `roles` option, never on the wire."""

ROLES = (QUERY, KEY, VALUE, OUTPUT, MLP_UP, MLP_DOWN, OTHER, RESIDUAL_MIXING)

_BY_LEAF = {
    FUSED: "c_attn in_proj qkv qkv_proj wqkv w_qkv to_qkv attn_qkv",
    QUERY: "q_proj query q wq w_q to_q q_lin q_linear query_proj linear_q",
    KEY: "k_proj key k wk w_k to_k k_lin k_linear key_proj linear_k",
    VALUE: "v_proj value v wv w_v to_v v_lin v_linear value_proj linear_v",
    OUTPUT: "o_proj out_proj o w_o to_out out_lin attn_out output_proj",
    MLP_UP: "up gate up_proj gate_proj gate_up_proj fc1 c_fc fc_in w1 w3 wi wi_0 wi_1 linear1 lin1 dense_h_to_4h",
    MLP_DOWN: "down down_proj fc2 fc_out w2 linear2 lin2 dense_4h_to_h",
}
_ROLE_OF_LEAF = {leaf: role for role, leaves in _BY_LEAF.items() for leaf in leaves.split()}
_IN_EITHER = {"c_proj", "proj", "wo", "output", "out", "dense"}
_ATTENTION = re.compile(r"attn|attention|(^|\.)(mha|att)(\.|$)", re.IGNORECASE)
_MLP = re.compile(r"mlp|ffn|feed_?forward|ff(\.|$)|densereludense|(^|\.)(experts?|moe)(\.|$)", re.IGNORECASE)
_EXPERTS = re.compile(r"(^|\.)(\w*experts?\w*|\w*moe)(\.|$)", re.IGNORECASE)
_DEPTH = re.compile(r"(?:^|\.)(?:(?:block|layer)s?_?)?(\d+)(?=\.|$)", re.IGNORECASE)
_EMBEDDING = re.compile(r"(^|\.)(wte|wpe|pos|pe|\w*emb|\w*embed|\w*embeds|\w*embeddings?|\w*positional\w*)(\.|$)", re.I)
_HEADS = {"lm_head", "head", "unembed", "unembedding", "embed_out", "output_head", "classifier", "logits", "to_logits"}


def role_of(path: str, rows: int, columns: int) -> str:
    """The role of the parameter at `path` (weight of shape rows = out, columns = in); `FUSED` for stacked QKV."""
    segments = _module_segments(path)
    leaf = segments[-1].lower()
    context = ".".join(segments[:-1])
    if leaf in _ROLE_OF_LEAF:
        return _ROLE_OF_LEAF[leaf]
    if leaf in _IN_EITHER:
        return _projection(leaf, context)
    if leaf.isdigit() and _MLP.search(context):
        return MLP_UP if rows > columns else MLP_DOWN if rows < columns else OTHER
    return OTHER


def _projection(leaf: str, context: str) -> str:
    """Names used for the way out of either half of a block: the path around them decides."""
    if _MLP.search(context):
        return MLP_DOWN
    if _ATTENTION.search(context) or leaf == "wo":
        return OUTPUT
    if leaf == "dense" and context.endswith("intermediate"):
        return MLP_UP
    return MLP_DOWN if leaf == "dense" and context.endswith("output") else OTHER


def depth_of(path: str) -> int:
    """Index of the block: the first integer in the path, -1 when there is none."""
    found = _DEPTH.search(path)
    return int(found.group(1)) if found else -1


def is_embedding_name(path: str) -> bool:
    """Whether the path names token or positional embeddings."""
    return bool(_EMBEDDING.search(".".join(_module_segments(path))))


def is_expert_name(path: str) -> bool:
    """Whether the path names experts of a mixture."""
    return bool(_EXPERTS.search(path))


def is_head_name(path: str) -> bool:
    """Whether the path names the projection to the vocabulary."""
    segments = _module_segments(path)
    return segments[-1].lower() in _HEADS or segments == ["output"]


def _module_segments(path: str) -> List[str]:
    """`a.b.weight` -> [a, b]; `a.in_proj_weight` -> [a, in_proj]; adapters (`a.base_layer.weight`) go by unseen."""
    stem = re.sub(r"(\.base_layer)?[._]weight$", "", path)
    return stem.split(".")
