"""What the tests of the reference trainer share: a short text to train on, and scenarios of one block."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from reference_trainer.scenarios import SCENARIOS

TEXT = "The quick brown fox jumps over the lazy dog.\n" * 40


def tiny(name, **changes):
    """The scenario with one block: what takes a second may take milliseconds."""
    return replace(SCENARIOS[name], layers=1, **changes)


class ReferenceCase(unittest.TestCase):
    """Has `TEXT` in the file `self.text`."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.text = Path(cls.folder.name) / "text.txt"
        cls.text.write_text(TEXT)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
