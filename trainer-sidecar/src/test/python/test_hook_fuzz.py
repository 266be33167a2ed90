"""The hook's reader of messages under hostile input: seeded, a slice of what `guard fuzz` does to the readers in Java."""

import json
import logging
import random
import socket
import struct
import unittest
from typing import Any, Iterator, List

from instability_guard import channel as channel_module
from instability_guard.channel import Channel, ChannelLost
from instability_guard.commands import CommandBook
from instability_guard.report import Report
from instability_guard.session import Session, SessionLost

from hook_case import Warnings

SEED = 20261122
INPUTS = 20_000
STREAMS = 300
WELCOME = {"type": "WELCOME", "version": 2, "session": "s", "commandTimeoutMs": 2000}
SAMPLES: List[Any] = [
    WELCOME,
    {"type": "SAMPLED", "step": 10},
    {
        "type": "COMMAND",
        "id": "run-1/40",
        "kind": "SCALE_LEARNING_RATE",
        "layers": [],
        "parameters": {"factor": 0.5, "floor": 0.1, "regrowthPerStep": 1.01},
        "decidedAtStep": 38,
        "applyAtStep": 40,
        "expiresAtStep": 70,
        "undoes": "",
    },
    {"type": "READY", "id": "run-1/40", "matrices": [{"index": 0, "replaced": True, "crc32": 1, "reason": ""}]},
    {"type": "REJECT", "id": "run-1/40", "reason": "done already"},
    {"type": "PROGRESS", "step": 41},
]
ABSURD: List[Any] = [
    None,
    True,
    -1,
    0,
    1 << 62,
    10**19,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "x" * 2_000,
    "\ud800\n\u2028",
    [],
    {},
    [[[[]]]],
    ["a", 1, None],
    {"": {"": {}}},
]


class Payloads:
    """Stands for a channel: hands out one payload after another and takes every answer."""

    def __init__(self) -> None:
        self.next: List[bytes] = []
        self.sent = 0

    def receive(self) -> List[bytes]:
        payloads, self.next = self.next, []
        return payloads

    def send(self, payload: bytes) -> bool:
        json.loads(payload)
        self.sent += 1
        return True


class FuzzTest(unittest.TestCase):
    def setUp(self) -> None:
        self.random = random.Random(SEED)
        self.warnings = Warnings()
        logger = logging.getLogger("instability_guard")
        logger.addHandler(self.warnings)
        logger.propagate = False
        self.addCleanup(logger.removeHandler, self.warnings)

    def test_should_take_or_count_whatever_becomes_of_a_message(self) -> None:
        payloads, report = Payloads(), Report()
        book = CommandBook([], report)
        lost = 0
        for index in range(INPUTS):
            if index % 50 == 0:
                session = Session(payloads, None, book, report)  # type: ignore[arg-type]
                payloads.next = [json.dumps(WELCOME).encode()]
                session.pump()
            payloads.next = [self.payload()]
            try:
                session.pump()
            except SessionLost:
                lost += 1
            book.expire(self.random.randrange(1000))
            self.assertLessEqual(len(book.pending()), 256)
        self.assertGreater(report.counts["messagesMalformed"], INPUTS // 2)
        self.assertGreater(payloads.sent, INPUTS // 50, "some were commands, good or bad, and got their answer")
        self.assertGreater(lost, 0)
        for warning in self.warnings.texts:
            self.assertEqual(len(warning.splitlines()), 1, repr(warning))
            self.assertLess(len(warning.encode("utf-8")), 3_000, "can be written, and is not endless")

    def test_should_cut_any_stream_into_messages_or_give_it_up(self) -> None:
        lost = 0
        for _ in range(STREAMS):
            ours, theirs = socket.socketpair()
            channel = Channel(ours)
            try:
                lost += self.feed(channel, theirs)
            finally:
                channel.close()
                theirs.close()
        self.assertGreater(lost, 5)
        self.assertLess(lost, STREAMS)

    def feed(self, channel: Channel, theirs: socket.socket) -> int:
        """Sends frames, some of which lie about their length, in pieces; 1 when the channel was given up."""
        for piece in self.pieces(b"".join(self.frame() for _ in range(4))):
            theirs.sendall(piece)
            try:
                for message in channel.receive():
                    self.assertLessEqual(len(message), channel_module.MAX_MESSAGE)
            except ChannelLost:
                return 1
        self.assertLessEqual(len(channel._received), 2 * channel_module.MAX_MESSAGE)
        return 0

    def frame(self) -> bytes:
        body = self.payload()
        length = (
            len(body) if self.random.random() < 0.9 else self.random.choice([0, 1, 1 << 20, 1 << 31, (1 << 32) - 1])
        )
        return struct.pack(">I", length) + body

    def pieces(self, stream: bytes) -> Iterator[bytes]:
        while stream:
            size = self.random.randrange(1, 3_000)
            yield stream[:size]
            stream = stream[size:]

    def payload(self) -> bytes:
        sample = json.loads(json.dumps(self.random.choice(SAMPLES)))
        if self.random.random() < 0.1:
            return self.random.randbytes(self.random.randrange(200))
        if self.random.random() < 0.7:
            return json.dumps(self.bent(sample)).encode()
        return self.flipped(json.dumps(sample).encode())

    def bent(self, message: Any) -> Any:
        """Keys that go, or hold what nobody expects."""
        for _ in range(self.random.randrange(3)):
            key = self.random.choice(list(message) or [""])
            if self.random.random() < 0.2:
                message.pop(key, None)
            elif self.random.random() < 0.2 and isinstance(message.get(key), dict):
                message[key] = self.bent(message[key])
            else:
                message[key] = self.random.choice(ABSURD)
        return message

    def flipped(self, payload: bytes) -> bytes:
        changed = bytearray(payload)
        for _ in range(self.random.randrange(1, 4)):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed[: self.random.randrange(len(changed)) or None] if self.random.random() < 0.2 else changed)


if __name__ == "__main__":
    unittest.main()
