"""The mixing matrices of hyper-connections: where they are, and their means at a sampled step.

A mixer is a `ResidualMixing` module; mixers are numbered in the order of `model.modules()`, which must be the order of
the forward pass. What passes through one is known only in a forward pass, but HELLO must describe it before the first
one, so it is read from its *owner*, the module that holds it:

- the number of streams n: from the owner's own square parameters (the smallest, 2 to 64), else from an integer
  attribute `streams`, `num_streams`, `n_streams`, `num_residual_streams` or `rate` of the owner or a module around it;
- static or dynamic: from the owner's attribute `dynamic` if it has one; else it is static when the owner has exactly
  one square n x n parameter and nothing that computes n, n + 2 (all coefficients of one stream), n * n or n * n + 2 * n
  (all coefficients) numbers from something wider;
- the parameter of a static one: that square parameter.

Every forward pass is checked against that; a mixer that turns out otherwise is left out of the sample, with the reason.
"""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import nn

from instability_guard.matrices import TrackedMatrix, clean_path
from instability_guard.omissions import Omissions
from instability_guard.report import Report
from instability_guard.residual_mixing import ResidualMixing
from instability_guard.staging import SlotShape
from instability_guard.taps import Taps

MOST_MIXERS = 512
"""Further ones are not looked at: HELLO has to fit into one message."""

MOST_STREAMS = 64

MOST_TOKENS = 1024
"""Of so many tokens, evenly spaced, the matrices of dynamic mixers are kept for one step."""
_STREAMS = ("streams", "num_streams", "n_streams", "num_residual_streams", "rate")


class Mixer(NamedTuple):
    """One mixing module; `parameter` is the static n x n matrix, None when dynamic."""

    index: int
    layer: str
    size: int
    parameter: Optional[nn.Parameter]
    module: ResidualMixing

    @property
    def shape(self) -> SlotShape:
        """Shape of either slot."""
        return SlotShape(self.size, self.size, "float32")


class _Mixed(NamedTuple):
    mixed: torch.Tensor
    unprojected: torch.Tensor
    projected: bool
    tokens: torch.Tensor  # (tokens, n, n) of a dynamic mixer, (n, n) of a static one


def find_mixers(model: nn.Module, report: Report) -> List[Mixer]:
    """The mixers of `model` in module order; one whose number of streams cannot be told is left out with a warning."""
    modules = {path: module for path, module in model.named_modules()}
    mixers: List[Mixer] = []
    for path, module in modules.items():
        if not isinstance(module, ResidualMixing) or len(mixers) == MOST_MIXERS:
            continue
        around = [modules[part] for part in _enclosing(path)]
        size = _streams(around)
        if size is None:
            report.warn("%s is not watched: give its owner a square parameter or an attribute `streams`" % path)
        else:
            parameter = _static_parameter(around[0], size) if around else None
            mixers.append(Mixer(len(mixers), clean_path(path), size, parameter, module))
    return mixers


def static_names(mixers: Sequence[Mixer], matrices: Sequence[TrackedMatrix]) -> Dict[int, str]:
    """Index of the mixer -> name of the tracked matrix that it passes on."""
    names = {id(matrix.parameter): matrix.name for matrix in matrices if matrix.rows == matrix.columns}
    return {mixer.index: names[id(mixer.parameter)] for mixer in mixers if id(mixer.parameter) in names}


class MixerCapture:
    """Keeps the means that the last training forward pass left in each mixer, which watches only while it runs."""

    def __init__(self, mixers: Sequence[Mixer], taps: Taps) -> None:
        self.mixers = list(mixers)
        self._latest: Dict[int, _Mixed] = {}
        self._obstacles: Dict[int, str] = {}
        for mixer in mixers:
            self._tap(taps, mixer)

    def _tap(self, taps: Taps, mixer: Mixer) -> None:
        def before(arguments: Tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
            mixer.module.watching = True

        def after(arguments: Tuple[Any, ...], keywords: Mapping[str, Any], output: Any) -> None:
            self._take(mixer, output)

        taps.add(mixer.module, before, after)

    def clear(self) -> None:
        """Forgets what was captured."""
        self._latest.clear()
        self._obstacles.clear()
        for mixer in self.mixers:
            mixer.module.forget()

    def stage(self, slots: Sequence[torch.Tensor], omissions: Omissions) -> List[Dict[str, Any]]:
        """Copies the means into their slots (mixed, unprojected, mixed, …); the entries of `mixersSampled`."""
        entries = []
        for mixer in self.mixers:
            latest = self._latest.get(mixer.index)
            if latest is None:
                reason = self._obstacles.get(mixer.index, "no forward pass in training mode was seen (compiled?)")
                omissions.add("mixing matrix", mixer.layer, reason)
                continue
            slots[2 * mixer.index].copy_(latest.mixed)
            slots[2 * mixer.index + 1].copy_(latest.unprojected)
            entries.append({"index": mixer.index, "projected": latest.projected})
        return entries

    def statistics(self) -> List[Dict[str, Any]]:
        """How much the mixers together amplify a single token, where they are dynamic; call it after `stage`.

        `mixingTokenGain`: largest absolute row or column sum of the product of all matrices, over tokens.
        `mixingTokenSpread`: that gain over the gain of the product of the mean matrices. Means hide the few tokens in
        which a dynamic mixer feeds itself.
        """
        latest = [self._latest[mixer.index] for mixer in self.mixers if mixer.index in self._latest]
        dynamic = {each.tokens.shape for each in latest if each.tokens.dim() == 3}
        if len(latest) < len(self.mixers) or len(dynamic) != 1 or len({len(each.mixed) for each in latest}) != 1:
            return []
        token_gain = _gain([each.tokens for each in latest])
        spread = token_gain / _gain([each.mixed for each in latest])
        last = {"layer": self.mixers[-1].layer, "depth": -1}
        return [
            dict(last, metric="mixingTokenGain", values=[token_gain]),
            dict(last, metric="mixingTokenSpread", values=[spread]),
        ]

    def _take(self, mixer: Mixer, output: Any) -> None:
        module = mixer.module
        mixed, unprojected, source = module.mixed, module.unprojected, module.source
        module.forget()
        if mixed is None or unprojected is None:
            return
        if mixed.shape != (mixer.size, mixer.size):
            self._obstacles[mixer.index] = "it mixes %d streams, not %d" % (len(mixed), mixer.size)
        elif mixer.parameter is not None and source is not mixer.parameter:
            self._obstacles[mixer.index] = "it mixes with something else than its owner's only square parameter"
        else:
            self._latest[mixer.index] = _Mixed(mixed, unprojected, module.projected, _some_tokens(output))


def _some_tokens(matrices: torch.Tensor) -> torch.Tensor:
    """Those of at most `MOST_TOKENS` tokens, or a static one as it is; in double precision."""
    apart = matrices.detach()
    if apart.dim() > 2:
        apart = apart.flatten(0, -3)
        apart = apart[:: -(-len(apart) // MOST_TOKENS)]
    return apart.double()


def _gain(matrices: Sequence[torch.Tensor]) -> float:
    """Largest absolute row or column sum of the product, the first matrix applied first, over tokens."""
    product = matrices[0].double()
    for matrix in matrices[1:]:
        product = matrix.double() @ product
    return max(product.sum(-1).abs().max().item(), product.sum(-2).abs().max().item())


def _enclosing(path: str) -> Iterator[str]:
    """a.b.c -> a.b, a, and the model itself."""
    while path:
        path = path.rpartition(".")[0]
        yield path


def _streams(around: Sequence[nn.Module]) -> Optional[int]:
    squares = [len(parameter) for parameter in _squares(around[0])] if around else []
    if squares:
        return min(squares)
    named = (getattr(module, name, None) for module in around for name in _STREAMS)
    return next((n for n in named if type(n) is int and 2 <= n <= MOST_STREAMS), None)


def _squares(owner: nn.Module) -> List[nn.Parameter]:
    own = owner.parameters(recurse=False)
    return [p for p in own if p.dim() == 2 and p.shape[0] == p.shape[1] and 2 <= len(p) <= MOST_STREAMS]


def _static_parameter(owner: nn.Module, size: int) -> Optional[nn.Parameter]:
    squares = [parameter for parameter in _squares(owner) if len(parameter) == size]
    is_dynamic = getattr(owner, "dynamic", None)
    if not isinstance(is_dynamic, bool):
        is_dynamic = _computes_matrices(owner, size)
    return squares[0] if len(squares) == 1 and not is_dynamic else None


def _computes_matrices(owner: nn.Module, size: int) -> bool:
    """Whether a weight of the owner, or of a linear layer in it, maps something wider to coefficients of n streams."""
    weights = list(owner.parameters(recurse=False))
    weights += [child.weight for child in owner.children() if isinstance(child, nn.Linear)]
    few = {size, size + 2, size * size, size * size + 2 * size}
    return any(w.dim() == 2 and min(w.shape) in few and max(w.shape) > size * size + 2 * size for w in weights)
