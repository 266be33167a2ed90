"""Character data from text that is already on the machine, and reproducible batches from it."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Iterator

import torch

ALPHABET = "\t\n" + "".join(map(chr, range(32, 127)))
"""The 97 symbols a model knows: tab, newline and the printable ASCII characters. Everything else is dropped."""

CORPUS_CHARACTERS = 3_000_000
LICENCES = Path("/usr/share/common-licenses")


class TextError(ValueError):
    """The text cannot be used; the message is one line meant for the user."""


def corpus_files() -> list[Path]:
    """Files every machine with Python has, in a fixed order: licence texts where present, then Python's own library."""
    library = Path(sysconfig.get_path("stdlib"))
    licences = (path for path in LICENCES.glob("*") if path.is_file() and not path.is_symlink())
    return sorted(licences) + sorted(library.glob("*.py")) + sorted(library.glob("*/*.py"))


def read_corpus(text: Path | None = None, limit: int = CORPUS_CHARACTERS) -> str:
    """The first ``limit`` known characters of ``text``, or of the machine's own files when no text is given."""
    if text is not None:
        try:
            return _known(text.read_text(encoding="utf-8", errors="ignore"))[:limit]
        except OSError as error:
            raise TextError(f"cannot read the text {text}: {error.strerror}") from error
    parts: list[str] = []
    characters = 0
    for path in _outside_site_packages(corpus_files()):
        if characters >= limit:
            break
        parts.append(_known(path.read_text(encoding="utf-8", errors="ignore")))
        characters += len(parts[-1])
    return "".join(parts)[:limit]


def encode(text: str) -> torch.Tensor:
    """Symbol numbers of ``text``: an int64 tensor of shape (characters,)."""
    codes = torch.zeros(128, dtype=torch.int64)
    for number, symbol in enumerate(ALPHABET):
        codes[ord(symbol)] = number
    if not text:
        return torch.empty(0, dtype=torch.int64)
    return codes[torch.frombuffer(bytearray(text.encode("ascii")), dtype=torch.uint8).long()]


class Batches:
    """Random windows of a text, drawn by a generator of their own: the same seed gives the same batches."""

    def __init__(self, symbols: torch.Tensor, batch: int, context: int, seed: int) -> None:
        needed = context + 1
        if len(symbols) < needed:
            raise TextError(f"the text has {len(symbols)} usable characters; at least {needed} are needed")
        self._symbols = symbols
        self._batch = batch
        self._window = torch.arange(context + 1)
        self._starts = len(symbols) - context
        self._generator = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Endless pairs (inputs, targets), both int64 of shape (batch, context); targets are one character ahead."""
        while True:
            starts = torch.randint(0, self._starts, (self._batch, 1), generator=self._generator)
            windows = self._symbols[starts + self._window]
            yield windows[:, :-1], windows[:, 1:]


def _known(text: str) -> str:
    return text.translate(_DROP_UNKNOWN)


def _outside_site_packages(paths: list[Path]) -> Iterator[Path]:
    return (path for path in paths if "site-packages" not in path.parts)


class _KnownOnly(dict):  # str.translate asks this table for every character; None drops the character
    def __missing__(self, code: int) -> int | None:
        self[code] = code if chr(code) in ALPHABET else None
        return self[code]


_DROP_UNKNOWN = _KnownOnly()
