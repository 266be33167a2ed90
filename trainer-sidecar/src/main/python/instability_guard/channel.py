"""Length-prefixed messages over a non-blocking Unix stream socket, with bounded buffers both ways."""

import select
import socket
import struct
from typing import List, Union

MAX_MESSAGE = 1 << 20
_PREFIX = struct.Struct(">I")
_CHUNK = 1 << 16
_MAX_UNSENT = 4 << 20
_MESSAGES_PER_CALL = 256
_LONGEST_POLL = 3600.0
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)


class ChannelLost(Exception):
    """The other side is gone, or speaks something else; the message says which."""


class Channel:
    """One connection. Nothing here blocks but `wait`, which is bounded.

    Sending never raises: what cannot be sent is dropped (`send` says so) and a broken connection shows at the next
    `receive`, after everything that had arrived before.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Takes over a connected socket."""
        connection.setblocking(False)
        self._socket = connection
        self._arrivals = select.poll()  # asked first: an exception at every step where nothing came is dear
        self._arrivals.register(connection, select.POLLIN)
        self._unsent = bytearray()
        self._received = bytearray()
        self._broken = ""

    @classmethod
    def connect(cls, path: str) -> "Channel":
        """Connects to the socket at `path`; `OSError` when nobody listens or the queue of connections is full."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            connection.connect(path)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def send(self, payload: bytes, droppable: bool = False) -> bool:
        """Sends one message, or keeps the part that does not fit for the next call; False: dropped whole.

        A `droppable` message is dropped when an older one is still waiting or the socket takes nothing at all.
        """
        if len(payload) > MAX_MESSAGE:
            return False
        if self._unsent:
            self.flush()
        if self._broken or (droppable and self._unsent):
            return False
        frame = _PREFIX.pack(len(payload)) + payload
        written = 0 if self._unsent else self._write(frame)
        if droppable and written == 0:
            return False
        return written == len(frame) or self._keep(frame[written:])

    def send_frame(self, frame: bytes) -> bool:
        """Sends a droppable message whose length stands before it already; False: dropped."""
        if self._unsent or self._broken:
            return False
        try:
            written = self._socket.send(frame, _NO_SIGNAL)
        except OSError as error:
            written = self._failed(error)
        return written == len(frame) or (written > 0 and self._keep(frame[written:]))

    def flush(self) -> None:
        """Sends what earlier calls left over, as far as the socket takes it."""
        if self._unsent and not self._broken:
            del self._unsent[: self._write(self._unsent)]

    def has_news(self) -> bool:
        """Whether `receive` would have something to say."""
        return bool(self._arrivals.poll(0) or self._received or self._broken)

    def receive(self) -> List[bytes]:
        """The messages that are there, at most 256 a call; `ChannelLost` once there are none and there will be none."""
        if not self.has_news():
            return []
        if len(self._received) < MAX_MESSAGE + _PREFIX.size:
            self._read()
        messages = self._complete_messages()
        if not messages and self._broken:
            raise ChannelLost(self._broken)
        return messages

    def discard(self) -> None:
        """Takes what has arrived and forgets it."""
        self._read()
        self._received.clear()

    def wait(self, seconds: float) -> None:
        """Returns when there may be something to receive or to send on, or after `seconds`."""
        if self._broken or self._has_message():
            return
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        poll.poll(max(0, int(min(seconds, _LONGEST_POLL) * 1000)) + 1)
        self.flush()

    def close(self) -> None:
        """Closes this process's end."""
        self._broken = self._broken or "closed"
        self._socket.close()

    def _write(self, data: Union[bytes, bytearray]) -> int:
        try:
            return self._socket.send(data, _NO_SIGNAL)
        except OSError as error:
            return self._failed(error)

    def _failed(self, error: OSError) -> int:
        """What was written: nothing. That the buffer is full is no failure."""
        if not isinstance(error, BlockingIOError):
            self._broken = "sending failed: %s" % error
        return 0

    def _keep(self, rest: bytes) -> bool:
        if len(self._unsent) + len(rest) > _MAX_UNSENT:
            self._broken = "the sidecar does not read"
            return False
        self._unsent += rest
        return not self._broken

    def _read(self) -> None:
        for _ in range(MAX_MESSAGE // _CHUNK):
            if not self._arrivals.poll(0):
                return
            try:
                chunk = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                self._broken = self._broken or "receiving failed: %s" % error
                return
            if not chunk:
                self._broken = self._broken or "the sidecar closed the connection"
                return
            self._received += chunk
            if len(chunk) < _CHUNK:
                return

    def _complete_messages(self) -> List[bytes]:
        if not self._received:
            return []
        messages: List[bytes] = []
        start = 0
        while len(messages) < _MESSAGES_PER_CALL and len(self._received) - start >= _PREFIX.size:
            body = start + _PREFIX.size
            end = body + _PREFIX.unpack_from(self._received, start)[0]
            if end - body > MAX_MESSAGE:
                self._broken = "a message of %d bytes" % (end - body)
                self._received.clear()
                return messages
            if end > len(self._received):
                break
            messages.append(bytes(self._received[body:end]))
            start = end
        del self._received[:start]
        return messages

    def _has_message(self) -> bool:
        if len(self._received) < _PREFIX.size:
            return False
        length: int = _PREFIX.unpack_from(self._received)[0]
        return len(self._received) >= _PREFIX.size + length
