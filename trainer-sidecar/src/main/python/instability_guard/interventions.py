"""Everything that the guard may do to one training run, wired together."""

from typing import Dict, Sequence

from torch import nn
from torch.optim import Optimizer

from instability_guard import kinds
from instability_guard.application import CommandApplication
from instability_guard.effects import Intervention
from instability_guard.koopman_regularization import KoopmanRegularization
from instability_guard.learning_rate import LearningRateScale, LearningRateScaling
from instability_guard.matrices import TrackedMatrix
from instability_guard.membership import Membership
from instability_guard.mixing_switch import MixingSwitch
from instability_guard.moments import Moments
from instability_guard.optimizer_steps import OptimizerSteps
from instability_guard.options import Options
from instability_guard.registered import RegisteredFunctions
from instability_guard.replacement import MatrixReplacement
from instability_guard.report import Report
from instability_guard.sampling import SampleCadence
from instability_guard.shared_replacement import SharedReplacement


class Interventions:
    """What commands act on (`learning_rate`, `cadence`, `functions`, `regularization`), and what applies them.

    `steps` knows whether the optimizers stepped.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        matrices: Sequence[TrackedMatrix],
        options: Options,
        report: Report,
        membership: Membership,
    ) -> None:
        """Installs the factor on the learning rate; everything else waits for its command."""
        self.steps = OptimizerSteps(is_told=bool(optimizers))
        self.learning_rate = LearningRateScale(optimizers, self.steps.note)
        self.cadence = SampleCadence(options.sample_every)
        self.functions = RegisteredFunctions(options.on_checkpoint, options.on_rewind, options.on_pause)
        self.regularization = KoopmanRegularization(model, options.snapshot_blocks, report)
        replacement = _replacement(matrices, Moments(optimizers, list(model.parameters())), membership)
        by_kind: Dict[str, Intervention] = {
            kinds.APPLY_MSIGN: replacement.apply,
            kinds.REPROJECT_HC: replacement.apply,
            kinds.CLIP_ATTENTION_LOGITS: replacement.apply,
            kinds.SWITCH_HC: MixingSwitch(model).apply,
            kinds.ENABLE_KSS: self.regularization.enable,
            kinds.DISABLE_KSS: self.regularization.disable,
            kinds.SCALE_LEARNING_RATE: LearningRateScaling(self.learning_rate).apply,
            kinds.SAMPLE_EVERY: self.cadence.apply,
            kinds.SAVE_CHECKPOINT: self.functions.checkpoint,
            kinds.REWIND_AND_SKIP: self.functions.rewind,
            kinds.PAUSE: self.functions.pause,
        }
        self.application = CommandApplication(by_kind)

    def uninstall(self) -> None:
        """Leaves the optimizers without our factor and the model without our hooks."""
        self.learning_rate.uninstall()
        self.regularization.uninstall()


def _replacement(matrices: Sequence[TrackedMatrix], moments: Moments, membership: Membership) -> MatrixReplacement:
    if membership.ranks is None:
        return MatrixReplacement(matrices, moments)
    rank, layers = membership.ranks.rank, membership.layers
    return SharedReplacement(matrices, membership.unstaged, moments, layers, rank)
