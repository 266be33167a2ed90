"""SWITCH_HC: from the next forward pass on, hyper-connections mix with doubly stochastic matrices, or freely again."""

from typing import Dict, Sequence, Tuple

from torch import nn

from instability_guard.effects import Effect, NotApplied, Occasion, named
from instability_guard.matrices import clean_path
from instability_guard.residual_mixing import ResidualMixing


class MixingSwitch:
    """Sets `ResidualMixing.projected`. The switch stays over reconnections and rewinds, and is undone mixer by mixer.

    It is no part of a checkpoint: a new process mixes as its model says until it is told otherwise.
    """

    def __init__(self, model: nn.Module) -> None:
        """Finds the mixers of `model`; a command names them by their module paths."""
        self._mixers: Dict[str, ResidualMixing] = {
            clean_path(path): module for path, module in model.named_modules() if isinstance(module, ResidualMixing)
        }

    def apply(self, occasion: Occasion) -> Effect:
        """`on` 1: project; 0: mix freely. The layers of the command, or all mixers when it names none."""
        if not self._mixers:
            raise NotApplied("the model has no mixers: pass its residual mixing matrices through ResidualMixing")
        chosen = named(occasion.command.layers, self._mixers, "mixers")
        before = [(mixer, mixer.projected) for mixer in chosen]
        occasion.pact.conclude()
        projected = occasion.command.parameters["on"] == 1
        return _set([(mixer, projected) for mixer in chosen])._replace(undo=lambda later: _undone(later, before))


def _undone(occasion: Occasion, before: Sequence[Tuple[ResidualMixing, bool]]) -> Effect:
    occasion.pact.conclude()
    return _set(before)


def _set(modes: Sequence[Tuple[ResidualMixing, bool]]) -> Effect:
    switched = sum(mixer.projected != projected for mixer, projected in modes)
    for mixer, projected in modes:
        mixer.projected = projected
    return Effect({"mixersSwitched": switched})
