"""Runs the Python tests, reads the reports of the Java tests and closes with the line every report ends with.

Usage (the launcher does it): PYTHONPATH=trainer-sidecar/src/main/python python .ci/tally.py --maven-exit 0
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
SHELL_SCRIPTS = ("guard", ".ci/run")


@dataclass
class Tally:
    """How many tests passed, which failed, which were skipped and why."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def java_tests(tally: Tally, home: Path) -> None:
    """Counts the test cases in the reports of surefire and failsafe."""
    for report in sorted(home.glob("*/target/*-reports/TEST-*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            skipped = case.find("skipped")
            if skipped is not None:
                tally.skipped.append(f"{name}: {skipped.get('message') or 'no reason given'}")
            elif case.find("failure") is not None or case.find("error") is not None:
                tally.failed.append(name)
            else:
                tally.passed += 1


def python_tests(tally: Tally, home: Path) -> None:
    """Runs every unittest of every module."""
    for folder in sorted(home.glob("*/src/test/python")):
        suite = unittest.TestLoader().discover(str(folder), top_level_dir=str(folder))
        result = unittest.TextTestRunner(verbosity=1).run(suite)
        wrong = [test for test, _ in result.failures + result.errors]
        tally.failed += [str(test) for test in wrong + result.unexpectedSuccesses]
        tally.skipped += [f"{test}: {reason}" for test, reason in result.skipped]
        tally.passed += result.testsRun - len(wrong) - len(result.unexpectedSuccesses) - len(result.skipped)


def shell_tests(tally: Tally, home: Path) -> None:
    """Checks the syntax of the shell scripts, and more where shellcheck is installed."""
    for script in SHELL_SCRIPTS:
        check(tally, f"sh -n {script}", ["sh", "-n", str(home / script)])
        if shutil.which("shellcheck"):
            check(tally, f"shellcheck {script}", ["shellcheck", str(home / script)])
        else:
            tally.skipped.append(f"shellcheck {script}: shellcheck is not installed")


def check(tally: Tally, name: str, command: list[str]) -> None:
    """Counts one command as one test."""
    if subprocess.run(command, check=False).returncode == 0:
        tally.passed += 1
    else:
        tally.failed.append(name)


def main() -> int:
    """0 when nothing failed."""
    parser = argparse.ArgumentParser(description="Run the Python tests and add up all tests.")
    parser.add_argument("--maven-exit", type=int, required=True, help="exit code of 'mvn verify'")
    options = parser.parse_args()
    tally = Tally()
    java_tests(tally, HOME)
    if options.maven_exit != 0 and not tally.failed:
        tally.failed.append(f"mvn verify: exit code {options.maven_exit} without a failed test; its output says why")
    python_tests(tally, HOME)
    shell_tests(tally, HOME)
    for name in tally.failed:
        print(f"FAILED  {name}")
    for name in tally.skipped:
        print(f"SKIPPED {name}")
    print(tally)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
