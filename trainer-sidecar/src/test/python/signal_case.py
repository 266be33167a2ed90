"""What the tests of the signals share: a staging area without a sidecar."""

import os
import tempfile
import unittest
from typing import Any, Dict, List

import torch
from instability_guard.matrices import track
from instability_guard.options import Options
from instability_guard.report import Report
from instability_guard.signals import Signals
from instability_guard.staging import StagingFile
from torch import nn


class SignalCase(unittest.TestCase):
    """Signals of a model, armed and staged by hand."""

    @classmethod
    def setUpClass(cls) -> None:
        """One thread: on a busy machine threads of such small products mostly wait for each other."""
        super().setUpClass()
        cls.addClassCleanup(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)

    def watch(self, model: nn.Module, **options: Any) -> Signals:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.report = Report()
        chosen = Options("run", None, 1, 10, 1, 2.0, None, 2.0, None, None, (), None, 0, 1, **options)
        self.signals = Signals(model, track(model).matrices, chosen, self.report)
        self.staging = StagingFile(os.path.join(folder.name, "staging"), self.signals.shapes, 1)
        self.addCleanup(self.staging.close)
        self.hello = self.signals.hello(self.staging.offsets)
        self.signals.arm(0)
        return self.signals

    def stage(self) -> Dict[str, Any]:
        fields = self.signals.stage(0, self.staging.slots)
        self.assertEqual(self.report.counts["errors"], 0)
        return fields

    def pair(self, index: int, rows: int) -> List[torch.Tensor]:
        """Entering and leaving slot of a snapshot, as the sidecar would read them."""
        first = len(self.signals.matrices) + 2 * index
        return [self.staging.slots[first + i][:rows] for i in range(2)]

    def values(self, fields: Dict[str, Any], metric: str) -> Dict[str, List[float]]:
        """Layer -> values."""
        return {s["layer"]: s["values"] for s in fields["statistics"] if s["metric"] == metric}
