"""What the hook measures besides weights and scalars, in one place: laid out in HELLO, sent with a sampled STEP."""

import json
import math
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from torch import nn

from instability_guard import roles
from instability_guard.attention import AttentionCapture, AttentionSites, find_attention
from instability_guard.blocks import find_blocks
from instability_guard.jacobians import JacobianCapture
from instability_guard.matrices import TrackedMatrix
from instability_guard.messages import Message
from instability_guard.mixers import MixerCapture, find_mixers, static_names
from instability_guard.omissions import Omissions
from instability_guard.options import Options
from instability_guard.report import Report
from instability_guard.sequences import SequencesSeen
from instability_guard.snapshots import SnapshotCapture, plan_snapshots
from instability_guard.staging import SlotShape
from instability_guard.taps import Taps

_STATISTICS_LIMIT = 256 << 10


class Signals:
    """Residual snapshots, mixing matrices, attention statistics, exact Jacobians.

    `arm` before the forward pass of a sampled step, `stage` at its boundary. On all other steps the model has no hook.
    """

    def __init__(
        self,
        model: nn.Module,
        matrices: Sequence[TrackedMatrix],
        options: Options,
        report: Report,
        left_out: Sequence[Tuple[str, str]] = (),
    ) -> None:
        """`left_out`: weights that cannot be measured, and why; said with every sample."""
        self._report = report
        self._left_out = list(left_out)
        self._taps = Taps(report)
        self.is_armed = False
        """Whether the next forward passes are watched."""
        self._first_mixer = options.mixing_order
        blocks = find_blocks(model, options.snapshot_blocks)
        tokens, limit = options.snapshot_tokens, options.snapshot_bytes
        planned = plan_snapshots(blocks, tokens, limit, report) if options.snapshots else []
        self._sequences = SequencesSeen()
        self._taps.add(model, self._sequences)
        self._snapshots = SnapshotCapture(planned, self._taps)
        self._sites = find_attention(model, blocks, matrices, options.attention_heads)
        sites = self._sites if options.attention else AttentionSites([], {}, [])
        self._attention = AttentionCapture(sites, self._sequences, self._taps)
        self._jacobians_every = options.exact_jacobians_every
        self._jacobians_at: Optional[int] = None
        self._jacobians = JacobianCapture(blocks if self._jacobians_every else [], self._sequences, self._taps)
        self._mixers = MixerCapture(find_mixers(model, report), self._taps)
        self._mixers_total = _checked_total(options, len(self._mixers.mixers))
        self._static_names = static_names(self._mixers.mixers, matrices)
        named = set(self._static_names.values())
        self.matrices = [replace(m, role=roles.RESIDUAL_MIXING) if m.name in named else m for m in matrices]
        """The tracked matrices, in which those of static mixers have their role."""

    @property
    def shapes(self) -> List[SlotShape]:
        """Shapes of all slots: matrices, snapshots, mixers."""
        snapshots = [shape for snapshot in self._snapshots.snapshots for shape in (snapshot.shape,) * 2]
        mixers = [shape for mixer in self._mixers.mixers for shape in (mixer.shape,) * 2]
        return [matrix.shape for matrix in self.matrices] + snapshots + mixers

    def hello(self, offsets: Sequence[int]) -> Message:
        """The fields of HELLO that describe the slots after the matrices' ones; `offsets` are those of all slots."""
        of_pairs = offsets[len(self.matrices) :]
        pairs = list(zip(of_pairs[::2], of_pairs[1::2]))
        snapshots = [
            dict(snapshot._asdict(), enteringOffset=entering, leavingOffset=leaving)
            for snapshot, (entering, leaving) in zip(self._snapshots.snapshots, pairs)
        ]
        mixers = [
            {
                "index": mixer.index,
                "layer": mixer.layer,
                "order": self._first_mixer + mixer.index,
                "total": self._mixers_total,
                "size": mixer.size,
                "dynamic": mixer.parameter is None,
                "parameter": self._static_names.get(mixer.index, ""),
                "mixedOffset": mixed,
                "unprojectedOffset": unprojected,
            }
            for mixer, (mixed, unprojected) in zip(self._mixers.mixers, pairs[len(snapshots) :])
        ]
        return {"snapshots": snapshots, "mixers": mixers, "heads": self._sites.heads}

    def arm(self, step: int) -> None:
        """Watches the forward passes to come; `step` draws the tokens."""
        self._clear(step)
        self._jacobians.is_due = self._is_due(step)
        self._taps.install()
        self.is_armed = True

    def disarm(self) -> None:
        """Watches nothing, and forgets what was captured."""
        if self.is_armed:
            self._taps.release()
            self._clear(0)
            self.is_armed = False

    def close(self) -> None:
        """Leaves the model as it was."""
        self.disarm()
        self._taps.remove()

    def stage(self, step: int, slots: Sequence[torch.Tensor]) -> Message:
        """Copies what was captured into the slots, of which `slots` are all; the fields of STEP that tell of it."""
        omissions = self._omitted_weights()
        fields: Message = {}
        ours = slots[len(self.matrices) :]
        pairs = 2 * len(self._snapshots.snapshots)
        with torch.no_grad():
            fields["snapshotTokens"] = self._snapshots.stage(ours[:pairs], omissions)
            fields["mixersSampled"] = self._mixers.stage(ours[pairs:], omissions)
            statistics = self._mixers.statistics()
        statistics += self._attention.statistics(omissions)
        if self._jacobians.is_due:
            self._jacobians_at = step
            statistics += self._jacobians.statistics(omissions)
        fields["statistics"] = _sendable(statistics, omissions)
        fields["omissions"] = omissions.lines()
        return fields

    def _omitted_weights(self) -> Omissions:
        """The weights that are not measured, and those that are but cannot be rewritten."""
        omissions = Omissions()
        for path, reason in self._left_out:
            omissions.add("weight", path, reason)
        for matrix in self.matrices:
            if matrix.obstacle is not None:
                omissions.add("repair", matrix.name, matrix.obstacle)
        return omissions

    def _clear(self, seed: int) -> None:
        self._snapshots.clear(seed)
        self._mixers.clear()
        self._attention.clear()
        self._jacobians.clear()

    def _is_due(self, step: int) -> bool:
        """Whether the sample of `step` carries exact Jacobians: the first one does."""
        every, last = self._jacobians_every, self._jacobians_at
        return every is not None and (last is None or step - last >= every)


def _checked_total(options: Options, found: int) -> int:
    last = options.mixing_order + found
    if options.mixers_total is not None and options.mixers_total < last:
        raise ValueError("mixers_total is %d, but this stage has mixers up to number %d" % (options.mixers_total, last))
    return options.mixers_total or last


def _sendable(statistics: List[Dict[str, Any]], omissions: Omissions) -> List[Dict[str, Any]]:
    """The finite ones, as far as they fit into the message."""
    kept = []
    left = _STATISTICS_LIMIT
    for statistic in statistics:
        if not all(map(math.isfinite, statistic["values"])):
            omissions.add(statistic["metric"], statistic["layer"], "it is not finite")
            continue
        left -= len(json.dumps(statistic)) + 1
        if left >= 0:
            kept.append(statistic)
        else:
            omissions.add(statistic["metric"], statistic["layer"], "the message would be too long")
    return kept
