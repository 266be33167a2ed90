"""Which modules of a model are its residual blocks.

Found by shape, not by name: the longest `ModuleList` or `Sequential` whose children are of one type and have children
themselves, outermost first, so that the experts inside a block do not pass for blocks. This finds the blocks of the
reference models, of nanoGPT and Hugging Face GPT-2 (`transformer.h`), of Llama (`model.layers`) and of
`torch.nn.TransformerEncoder` (`layers`). Or they are named by patterns.
"""

from fnmatch import fnmatchcase
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch import nn

from instability_guard import roles
from instability_guard.matrices import clean_path, dtype_name, orientation
from instability_guard.staging import ITEM_SIZES

MOST_BLOCKS = 256
"""Further ones are not looked at: HELLO has to fit into one message."""


class Block(NamedTuple):
    """A residual block: a module that maps the residual stream, its first argument, to its successor.

    `width` and `dtype` of the stream are read from the block's weights, because both must be known before the first
    forward pass: what its query (else its first MLP matrix, else its first matrix) takes; 0 when it has no matrix.
    """

    path: str
    depth: int
    width: int
    dtype: str
    module: nn.Module


def find_blocks(model: nn.Module, patterns: Optional[Sequence[str]] = None) -> List[Block]:
    """The blocks in the order of the model; `patterns` (fnmatch, on module paths) replace the search."""
    if patterns is None:
        chosen = _longest_stack(model)
    else:
        modules = [(clean_path(path), module) for path, module in model.named_modules() if path]
        chosen = [(path, module) for path, module in modules if any(fnmatchcase(path, p) for p in patterns)]
    return [_block(position, path, module) for position, (path, module) in enumerate(chosen[:MOST_BLOCKS])]


def _longest_stack(model: nn.Module) -> List[Tuple[str, nn.Module]]:
    stacks = list(_stacks(model, ""))
    return max(stacks, key=len) if stacks else []


def _stacks(module: nn.Module, path: str) -> Iterator[List[Tuple[str, nn.Module]]]:
    """The outermost stacks of alike modules."""
    children: Dict[str, nn.Module] = dict(module.named_children())
    if isinstance(module, (nn.ModuleList, nn.Sequential)) and _are_alike(list(children.values())):
        yield [(clean_path(_join(path, name)), child) for name, child in children.items()]
        return
    for name, child in children.items():
        yield from _stacks(child, _join(path, name))


def _are_alike(children: List[nn.Module]) -> bool:
    return len({type(child) for child in children}) == 1 and all(any(child.children()) for child in children)


def _join(path: str, name: str) -> str:
    return path + "." + name if path else name


def _block(position: int, path: str, module: nn.Module) -> Block:
    depth = roles.depth_of(path)
    width, dtype = _stream(module)
    return Block(path, depth if depth >= 0 else position, width, dtype, module)


def _stream(block: nn.Module) -> Tuple[int, str]:
    """Width and dtype of the residual stream."""
    found: Dict[str, Tuple[int, str]] = {}
    for prefix, module in block.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.dim() == 2:
                rows, columns, _ = orientation(module, parameter)
                dtype = dtype_name(parameter)
                role = roles.role_of(_join(prefix, name), rows, columns)
                found.setdefault(role, (columns, dtype if dtype in ITEM_SIZES else "float32"))
    takers = [found[role] for role in (roles.QUERY, roles.FUSED, roles.MLP_UP) if role in found]
    return (takers or list(found.values()) or [(0, "float32")])[0]
