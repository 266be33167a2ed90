"""The hook and its tests are formatted as ruff has it, and name nothing that they do not use."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = [SOURCES / "main/python/instability_guard", SOURCES / "test/python"]
SETTINGS = SOURCES / "main/python/pyproject.toml"


@unittest.skipUnless(importlib.util.find_spec("ruff"), "ruff is not installed")
class StyleTest(unittest.TestCase):
    def expect_clean(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "ruff", *arguments, *map(str, FOLDERS)]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(told.returncode, 0, told.stdout[-4000:])

    def test_should_be_formatted(self) -> None:
        self.expect_clean("format", "--check", "--no-cache", "--config", str(SETTINGS))

    def test_should_name_only_what_is_used_and_known(self) -> None:
        self.expect_clean("check", "--isolated", "--no-cache", "--select", "F,E9")


if __name__ == "__main__":
    unittest.main()
