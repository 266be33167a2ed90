"""The ranks that train one run together, and what they tell each other: on a process group of the hook's own.

The group is always gloo's, on the CPU, also where the training itself talks through NCCL: what is said is tiny or
staged on the host anyway, a wait for it can be given up without breaking the group, and nothing that goes wrong here
aborts the process, as NCCL's watchdog would. It is built beside `torch.distributed`'s own groups, not among them: a rank that
attaches alone waits in vain for a while, but leaves the numbering of the groups that the training makes as it is.
"""

import ctypes
import datetime
import time
from typing import Any, List, Optional, Sequence

import torch
from torch import Tensor

_JOIN_SECONDS = 60.0
_LONGEST_OPERATION = datetime.timedelta(days=7)
_SHORTEST_WAIT = 0.001
_TAG = 7171
_NUMBERS = 6
_PADDING = (-(1 << 62),) * _NUMBERS


class RanksLost(Exception):
    """The ranks do not hear each other any more, or are not where they should be; the message says what happened."""


class Pending:
    """Numbers that are being compared: their element-wise largest over all ranks, once every rank has given its own."""

    def __init__(self, work: Any, numbers: "ctypes.Array[ctypes.c_int64]", mark: int, count: int) -> None:
        self._work = work
        self._is_complete = False
        self._numbers = numbers
        self._mark = mark
        self._count = count

    @property
    def is_complete(self) -> bool:
        """Whether every rank has been heard, or can no longer be."""
        self._is_complete = self._is_complete or bool(self._work.is_completed())
        return self._is_complete

    def result(self, deadline: float) -> List[int]:
        """The largest ones; `RanksLost` when they are not known by `deadline` (of `time.monotonic()`)."""
        _await(self._work, None if self.is_complete else deadline)
        most, least, *found = self._numbers
        if most != self._mark or least != -self._mark:
            raise RanksLost("the ranks are not at the same step")
        return found[: self._count]


class Ranks:
    """Collectives among all ranks of one attach. Every rank calls them in the same order; none waits past its deadline.

    After `RanksLost` the order is lost with it, and nothing more may be asked.
    """

    def __init__(self, rank: int, size: int, store: Any, group: Any) -> None:
        """Use `join`."""
        self.rank = rank
        self.size = size
        self._store = store
        self._group = group
        self._exchanged = torch.empty(2 + _NUMBERS, dtype=torch.int64)
        self._numbers = (ctypes.c_int64 * (2 + _NUMBERS)).from_address(self._exchanged.data_ptr())
        self._largest = _largest()
        self._latest: Optional[Pending] = None

    @classmethod
    def join(cls, run: str, among: Any = None) -> "Ranks":
        """Meets the other ranks of `among` (default: all), each of which attaches too; `RanksLost` after a minute."""
        from torch.distributed import distributed_c10d as c10d

        gloo = getattr(c10d, "ProcessGroupGloo", None)
        if gloo is None:
            raise RanksLost("this PyTorch was built without gloo")
        rank, size = c10d.get_rank(among), c10d.get_world_size(among)
        first = 0 if among is None else c10d.get_global_rank(among, 0)
        try:
            base = c10d.PrefixStore("instability_guard/%s/%d/%d" % (run, first, size), c10d._get_default_store())
            turn = base.add("attached/%d" % rank, 1)
            store = c10d.PrefixStore("attach/%d" % turn, base)
            store.set("here/%d" % rank, "")
            store.wait(["here/%d" % other for other in range(size)], datetime.timedelta(seconds=_JOIN_SECONDS))
            return cls(rank, size, store, gloo(store, rank, size, _LONGEST_OPERATION))
        except RuntimeError as error:
            raise RanksLost("the ranks did not all attach: %s" % _first_line(error)) from None

    def begin(self, mark: int, numbers: Sequence[int]) -> Pending:
        """Gives this rank's numbers, at most six of 62 bits, and does not wait.

        By `mark`, which says what they are about, ranks notice that they are not at the same place. All such exchanges
        are of one size: to ranks that are not, a difference in size could do worse than that. One at a time: they share
        a tensor, written through ctypes, because to make one at a boundary costs more than the exchange itself.
        """
        if self._latest is not None and not self._latest.is_complete:
            raise RanksLost("the exchange before this one has not ended")
        self._numbers[:] = (mark, -mark, *numbers, *_PADDING[len(numbers) :])
        work = self._started(self._group.allreduce, [self._exchanged], self._largest)
        self._latest = Pending(work, self._numbers, mark, len(numbers))
        return self._latest

    def largest(self, mark: int, numbers: Sequence[int], deadline: float) -> List[int]:
        """The element-wise largest over all ranks of any count of numbers."""
        parts = [numbers[start : start + _NUMBERS] for start in range(0, len(numbers), _NUMBERS)]
        return [number for part in parts for number in self.begin(mark, part).result(deadline)]

    def settle(self, question: str, answer: str) -> str:
        """The one answer to a question that all ranks get: the first that any of them gave.

        It is kept by the store at which the ranks met. Whoever loses a message here is told what the others did: no
        exchange of messages alone could tell that to everybody.
        """
        try:
            return bytes(self._store.compare_set(question, "", answer)).decode()
        except RuntimeError as error:
            raise RanksLost("the store is gone: %s" % _first_line(error)) from None

    def texts(self, text: str, deadline: float) -> List[str]:
        """What each rank says, in their order."""
        given = text.encode()
        longest = self.largest(0, [len(given)], deadline)[0]
        padded = torch.zeros(longest + 8, dtype=torch.uint8)
        padded[: len(given) + 8] = torch.tensor(list(len(given).to_bytes(8, "big") + given), dtype=torch.uint8)
        heard = [torch.zeros_like(padded) for _ in range(self.size)]
        _await(self._started(self._group.allgather, [heard], [padded]), deadline)
        said = [bytes(each.tolist()) for each in heard]
        return [each[8 : 8 + int.from_bytes(each[:8], "big")].decode() for each in said]

    def broadcast(self, tensor: Tensor, source: int, deadline: float) -> None:
        """Copies the tensor of rank `source` (contiguous, on the CPU) into that of every other."""
        from torch.distributed import distributed_c10d as c10d

        options = c10d.BroadcastOptions()
        options.rootRank, options.rootTensor = source, 0
        _await(self._started(self._group.broadcast, [_bytes_of(tensor)], options), deadline)

    def send(self, tensor: Tensor, to: int, deadline: float) -> None:
        """Sends a contiguous CPU tensor to a rank that receives it."""
        _await(self._started(self._group.send, [_bytes_of(tensor)], to, _TAG), deadline)

    def receive(self, tensor: Tensor, source: int, deadline: float) -> None:
        """Fills a contiguous CPU tensor with what a rank sends."""
        _await(self._started(self._group.recv, [_bytes_of(tensor)], source, _TAG), deadline)

    def leave(self) -> None:
        """Leaves; the others are told by their next wait. Nothing is waited for here."""
        if self._latest is not None and not self._latest.is_complete:
            self.abandon()
        self._group = None

    def abandon(self) -> None:
        """Lets go of the group but never destroys it: that would wait for a rank that does not answer, or in a fork."""
        if self._group is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._group))
            self._group = None

    def _started(self, operation: Any, *arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except RuntimeError as error:
            raise RanksLost(_first_line(error)) from None


def _largest() -> Any:
    from torch.distributed import distributed_c10d as c10d

    options = c10d.AllreduceOptions()
    options.reduceOp = c10d.ReduceOp.MAX
    return options


def _await(work: Any, deadline: Optional[float]) -> None:
    """Waits for the end of what was started, for which there is no deadline if it has ended; `RanksLost` if it failed."""
    try:
        if deadline is None:
            work.wait()
        else:
            work.wait(datetime.timedelta(seconds=max(_SHORTEST_WAIT, deadline - time.monotonic())))
    except RuntimeError as error:
        text = _first_line(error)
        raise RanksLost("a rank did not answer in time" if "timed out" in text.lower() else text) from None


def _bytes_of(tensor: Tensor) -> Tensor:
    return tensor.view(-1).view(torch.uint8)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
