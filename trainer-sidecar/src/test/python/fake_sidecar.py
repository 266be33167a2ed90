"""A sidecar for the hook's tests: a real Unix socket, a thread, and as much misbehaviour as a test asks for."""

import contextlib
import json
import mmap
import os
import shutil
import socket
import struct
import tempfile
import threading
import zlib
from typing import Any, Callable, Dict, List, Optional, Tuple

import torch

PATIENCE = 10.0
PLAIN_STEP = "step loss gradientNorm learningRate learningRateScale maxAttentionLogit skippedSamples droppedMessages"
TIMES = "hookMicros stepMillis waitMillis"
DTYPES = {"float32": 4, "bfloat16": 2, "float16": 2, "float64": 8}
Message = Dict[str, Any]
Reaction = Callable[["FakeSidecar", Message], None]


def silent(sidecar: "FakeSidecar", message: Message) -> None:
    """Never answers."""


def die(sidecar: "FakeSidecar", message: Message) -> None:
    """Closes the connection instead of answering."""
    sidecar.hang_up()


class FakeSidecar:
    """Serves one connection at a time and remembers what it was told. `on[type]` replaces the answer to a message."""

    def __init__(self, folder: Optional[str] = None) -> None:
        self.folder = folder or tempfile.mkdtemp(prefix="guard-")
        self.path = os.path.join(self.folder, "guard.sock")
        self.received: List[Message] = []
        self.on: Dict[str, Reaction] = {"HELLO": welcome, "STEP": sampled, "APPLY": ready}
        self.replace: Callable[[torch.Tensor], torch.Tensor] = lambda weight: -weight
        self._news = threading.Condition()
        self._answered: List[Message] = []
        self._ended = False
        self._connection: Optional[socket.socket] = None
        self._sending = threading.Lock()
        self._server: Optional[socket.socket] = None

    def start(self) -> "FakeSidecar":
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self.path)
        self._server.listen(8)
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Dies: no more listening, no more connection."""
        if self._server is not None:
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None
            os.unlink(self.path)
        self.hang_up()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):  # the hook may have been first
                connection.shutdown(socket.SHUT_RDWR)

    def send(self, **message: Any) -> None:
        payload = json.dumps(message).encode()
        self.send_raw(struct.pack(">I", len(payload)) + payload)

    def send_raw(self, data: bytes) -> None:
        connection = self._connection
        if connection is None:
            raise ConnectionError("nobody is connected")
        with self._sending:
            connection.sendall(data)

    def command(
        self,
        id: str,
        kind: str,
        at: int,
        expires: int = 10_000,
        layers: Any = (),
        decided: int = 0,
        undoes: str = "",
        **parameters: Any,
    ) -> None:
        self.send(
            type="COMMAND",
            id=id,
            kind=kind,
            undoes=undoes,
            layers=list(layers),
            parameters=parameters,
            decidedAtStep=decided,
            applyAtStep=at,
            expiresAtStep=expires,
        )

    def await_message(self, kind: str, count: int = 1) -> Message:
        """The count-th message of this type; everything the default reaction sends in answer has been sent by then."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE):
                raise AssertionError("no %s number %d among %s" % (kind, count, [m["type"] for m in self._answered]))
            return self.of(kind)[count - 1]

    def await_end(self) -> bool:
        """Whether the hook's end of the connection gets closed."""
        with self._news:
            return self._news.wait_for(lambda: self._ended, PATIENCE)

    def of(self, kind: str) -> List[Message]:
        return [message for message in self._answered if message["type"] == kind]

    @property
    def hello(self) -> Message:
        """The last HELLO."""
        return [message for message in self.received if message["type"] == "HELLO"][-1]

    def slot(self, matrix: Message) -> Tuple[mmap.mmap, torch.Tensor]:
        hello = self.hello
        with open(hello["staging"]["path"], "r+b") as file:
            memory = mmap.mmap(file.fileno(), hello["staging"]["bytes"])
        dtype = getattr(torch, matrix["dtype"])
        count = matrix["rows"] * matrix["columns"]
        flat = torch.frombuffer(memory, dtype=dtype, count=count, offset=matrix["offset"])
        return memory, flat.view(matrix["rows"], matrix["columns"])

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                self._connection = connection
                try:
                    self._converse(connection)
                except OSError:
                    pass
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while True:
                prefix = stream.read(4)
                if len(prefix) < 4:
                    return
                message = decoded(stream.read(struct.unpack(">I", prefix)[0]))
                self.received.append(message)
                try:
                    with contextlib.suppress(OSError):  # the hook may be gone; what it said before is still read
                        self.on.get(message["type"], silent)(self, message)
                finally:
                    with self._news:
                        self._answered.append(message)
                        self._news.notify_all()


def decoded(payload: bytes) -> Message:
    """A message of the hook: JSON, or a STEP in the short form."""
    if payload[:1] != b"\x01":
        return json.loads(payload.decode())  # type: ignore[no-any-return]
    numbers = struct.unpack(">q5d2q3d", payload[1:])
    return {"type": "STEP", "sample": False, **dict(zip((PLAIN_STEP + " " + TIMES).split(), numbers))}


def welcome(sidecar: FakeSidecar, message: Message) -> None:
    sidecar.send(type="WELCOME", version=2, session="s", commandTimeoutMs=20_000)


def sampled(sidecar: FakeSidecar, message: Message) -> None:
    if message["sample"]:
        sidecar.send(type="SAMPLED", step=message["step"])


def progress(sidecar: FakeSidecar, message: Message) -> None:
    sampled(sidecar, message)
    sidecar.send(type="PROGRESS", step=message["step"])


def ready(sidecar: FakeSidecar, message: Message) -> None:
    """Replaces every slot of APPLY by `sidecar.replace` of it."""
    entries = [replaced(sidecar, index) for index in message["matrices"]]
    sidecar.send(type="READY", id=message["id"], matrices=entries)


def replaced(sidecar: FakeSidecar, index: int) -> Message:
    matrix = sidecar.hello["matrices"][index]
    memory, slot = sidecar.slot(matrix)
    slot.copy_(sidecar.replace(slot.clone()))
    size = matrix["rows"] * matrix["columns"] * DTYPES[matrix["dtype"]]
    content = memory[matrix["offset"] : matrix["offset"] + size]
    return {"index": index, "replaced": True, "crc32": zlib.crc32(content), "reason": ""}
