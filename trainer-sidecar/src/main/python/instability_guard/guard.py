"""The guard's hook in a training loop."""

import operator
import os
from contextlib import ExitStack
from typing import Any, Callable, ContextManager, Dict, Mapping, Optional, Sequence, Union

import torch
from torch import nn
from torch.optim import Optimizer

from instability_guard import lifetimes
from instability_guard.boundary import Boundary
from instability_guard.commands import CommandBook
from instability_guard.connection import Connection
from instability_guard.interventions import Interventions
from instability_guard.master_weights import innermost
from instability_guard.matrices import track
from instability_guard.membership import meet
from instability_guard.mirrors import Mirror, Mirroring
from instability_guard.options import Options
from instability_guard.registered import OnCheckpoint, OnPause, OnRewind
from instability_guard.report import Report
from instability_guard.scalars import Scalar
from instability_guard.sharding import flat_parameters
from instability_guard.signals import Signals


class InstabilityGuard:
    """Watches one model and its optimizer, and carries out what the guard commands.

    ::

        guard = InstabilityGuard.attach(model, optimizer, run_id="my-run")
        for step, batch in enumerate(batches):
            ...
            optimizer.step()
            guard.step(step, loss=loss, gradient_norm=norm)
        guard.close()

    Nothing here ever raises into the training loop, or changes it, because the sidecar is missing, slow, wrong or
    restarted; only `attach` raises, for bad arguments. Call it from the thread that trains. In a forked child (a
    DataLoader worker) its copy does nothing.
    """

    def __init__(self, model: nn.Module, optimizers: Sequence[Optimizer], options: Options) -> None:
        """Use `attach`."""
        self._pid = os.getpid()
        self._closed = False
        self._is_stepping = False
        self._report = Report()
        tracking = track(model, options.include, options.exclude, options.roles)
        if tracking.left_out:
            left_out = ", ".join("%s (%s)" % entry for entry in tracking.left_out[:5])
            self._report.warn("%d weights are not watched: %s" % (len(tracking.left_out), left_out))
        self._membership = meet(options, tracking.matrices)
        options = self._membership.options
        left_out = tracking.left_out + self._membership.left_out + flat_parameters(model)
        if self._membership.reason:
            self._report.warn("training goes on, but no command is applied: %s" % self._membership.reason)
        self._signals = Signals(model, self._membership.staged, options, self._report, left_out)
        matrices = self._signals.matrices
        mirroring = Mirroring(None if options.process_rank else options.mirror, self._report)
        lag, layers = options.lockstep or 0, self._membership.layers
        self._book = book = CommandBook(matrices, self._report, lag, layers, mirroring)
        self._connection = Connection(str(options.socket), options.identity(), self._signals, book, self._report)
        self._interventions = Interventions(model, optimizers, matrices, options, self._report, self._membership)
        conversation = options, self._signals, self._connection, book, self._interventions, self._report
        self._boundary = Boundary(*conversation, self._membership, mirroring)
        lifetimes.enrol(self)

    @classmethod
    def attach(
        cls,
        model: nn.Module,
        optimizer: Union[Optimizer, Sequence[Optimizer]],
        *,
        run_id: str,
        socket: Optional[str] = None,
        generation: Optional[int] = None,
        sample_every: int = 10,
        agree_every: Optional[int] = None,
        command_timeout: float = 2.0,
        lockstep: Optional[int] = None,
        lockstep_timeout: float = 2.0,
        min_step_ms: Optional[float] = None,
        include: Optional[Sequence[str]] = None,
        exclude: Sequence[str] = (),
        roles: Optional[Mapping[str, str]] = None,
        process_rank: Optional[int] = None,
        world_size: Optional[int] = None,
        snapshots: bool = True,
        snapshot_tokens: Optional[int] = None,
        snapshot_blocks: Optional[Sequence[str]] = None,
        snapshot_bytes: int = 256 << 20,
        attention: bool = True,
        attention_heads: Optional[int] = None,
        exact_jacobians_every: Optional[int] = None,
        mixing_order: int = 0,
        mixers_total: Optional[int] = None,
        on_checkpoint: Optional[OnCheckpoint] = None,
        on_rewind: Optional[OnRewind] = None,
        on_pause: Optional[OnPause] = None,
        process_group: Optional[Any] = None,
        mirror: Optional[Mirror] = None,
    ) -> "InstabilityGuard":
        """Attaches to the sidecar, or warns once and goes on trying when there is none.

        Args:
            model: its 2-D weights and experts are watched (see `instability_guard.matrices`).
            optimizer: one, or several that step together, wrapped or not; its learning rates may be scaled while it
            steps.
            run_id: 1 to 200 characters of [A-Za-z0-9._-], not starting with a dot.
            socket: the sidecar's socket; default `$GUARD_SOCKET`, else `/tmp/instability-guard-<uid>/guard.sock`.
            generation: grows with every restart of the run; default: now, in epoch milliseconds.
            sample_every: weights are copied at steps divisible by this; default 10.
            agree_every: commands are applied at steps divisible by this; default 1, or 10 with several ranks, which
            agree on them at these steps.
            command_timeout: seconds that all waits of one apply boundary may take together; default 2.
            lockstep: for demo and evaluation: wait after step t until the guard has consumed step t - lockstep;
            default off.
            lockstep_timeout: seconds such a wait may take; default 2.
            min_step_ms: for demo and evaluation: least time between steps, milliseconds; default none.
            include: patterns (fnmatch) on parameter names that replace the default choice; may name embeddings and
            heads.
            exclude: patterns on parameter names that are not watched; default none.
            roles: pattern -> QUERY, KEY, VALUE, OUTPUT, MLP_UP, MLP_DOWN, OTHER or QKV (fused), where names do not
            tell.
            process_rank: default: from torch.distributed when initialised, else `$RANK`, else 0.
            world_size: default: from torch.distributed when initialised, else `$WORLD_SIZE`, else 1. With more than
            one, `attach` is called on every rank, after the model was wrapped (`fully_shard`, `parallelize_module`),
            and waits up to a minute for the others; so is `step`, with the same steps.
            snapshots: whether sampled steps carry the residual stream around each block; default yes.
            snapshot_tokens: tokens in a snapshot; default min(2048, 4 * width).
            snapshot_blocks: patterns on the paths of modules that are residual blocks; default: found by their shape
            (see `instability_guard.blocks`).
            snapshot_bytes: what all snapshots together may take of the staging file, and again of the device's memory
            from a sampled forward pass to its `step`; default 256 MiB.
            attention: whether sampled steps carry each head's largest attention logit and mean entropy; default yes.
            attention_heads: number of heads, where the modules do not tell.
            exact_jacobians_every: least steps between two samples with exact block Jacobians, which are dear; default
            never.
            mixing_order: number of mixers (`ResidualMixing`) in the pipeline stages before this one; default 0.
            mixers_total: number of mixers in all stages; default: those of this stage and of the ones before.
            on_checkpoint: on_checkpoint(step) saves a checkpoint; like the next two it is called inside `step`, on the
            guard's command only, takes the time that it takes, and may raise. Default: such commands are refused.
            on_rewind: on_rewind(step, back_steps, skip_steps) restores model, optimizer and whatever else counts steps,
            in place, to about `back_steps` earlier, has the next `skip_steps` batches skipped, and returns the step
            that it restored; the next `step` is expected to be the one after. To the guard the run begins a new
            generation there; the factor on the learning rate, switched mixers, KSS and the cadence of samples stay.
            on_pause: on_pause(step, reason) returns when training may go on; it may raise KeyboardInterrupt to end it.
            process_group: the ranks that train this run together, where they are not all of torch.distributed's.
            mirror: shows scalars and commands in TensorBoard or Weights & Biases (`instability_guard.mirrors`).

        Raises:
            ValueError: an argument is not what it should be.
        """
        given = {name: value for name, value in locals().items() if name in Options._fields}
        options = Options(**given).checked()
        optimizers = [optimizer] if hasattr(optimizer, "param_groups") else list(optimizer)
        guard = cls(model, [innermost(each) for each in optimizers], options)
        guard._guarded(lambda: guard._connection.attached(guard._boundary.last_step))
        guard._guarded(guard._boundary.arm)
        return guard

    def step(
        self,
        step: int,
        *,
        loss: Optional[Scalar] = None,
        gradient_norm: Optional[Scalar] = None,
        max_attention_logit: Optional[Scalar] = None,
    ) -> None:
        """Reports optimizer step `step` (0, 1, …) and applies what is due; call it after `optimizer.step()`.

        Once per optimizer step, however many batches it accumulates, and also when a loss scaler skipped it.
        The scalars may be numbers or tensors of one element. Tensors on CUDA are reported one step late, because
        reading them at once would wait for the device.
        """
        if self._closed or self._is_stepping or os.getpid() != self._pid:
            return
        self._is_stepping = True
        try:
            self._boundary(operator.index(step), (loss, gradient_norm, max_attention_logit))
        except Exception as error:
            self._report.error(error)
        finally:
            self._is_stepping = False
            if self._interventions.regularization.is_enabled:
                self._guarded(lambda: self._interventions.regularization.await_step(self._boundary.last_step + 1))

    def regularization(self) -> torch.Tensor:
        """What the guard adds to the loss, a 0-d tensor: call it after every forward pass, before `backward`.

        ::

            loss = criterion(model(inputs), targets) + guard.regularization()

        Exactly zero, without a graph, unless the guard has enabled Koopman spectral shaping and this step is its turn.
        """
        if self._closed or os.getpid() != self._pid:
            return torch.zeros(())
        return self._interventions.regularization()

    def hold(self, reason: str) -> ContextManager[Any]:
        """Takes the run for the training program itself: from now on every command is refused, with this reason.

        ::

            with guard.hold("my own recovery"):
                restore(model, optimizer)  # while this lasts, nobody else acts on the run

        The refusal is this process's own, so it counts at once and needs neither sidecar nor Kafka. In a run of several
        ranks it is enough that one holds, because a command is applied on all of them or on none; the guard and its
        operators see it, from the next step on, when that is rank 0.
        Until `release`, or the end of the `with`; a later `hold` replaces the reason.
        """
        if not self._closed:
            self._book.hold(str(reason))
        ending = ExitStack()
        ending.callback(self.release)
        return ending

    def release(self) -> None:
        """Gives the run back: commands that come from now on are carried out again."""
        if not self._closed:
            self._book.release()

    def close(self) -> None:
        """Says goodbye, removes the staging file and leaves the optimizer as it was; later calls do nothing."""
        if self._closed or os.getpid() != self._pid:
            return
        self._closed = True
        self._guarded(lambda: self._connection.close(self._boundary.last_step))
        self._guarded(self._interventions.uninstall)
        self._guarded(self._signals.close)
        self._guarded(self._membership.leave)

    @property
    def statistics(self) -> Dict[str, int]:
        """Counts since `attach`: stepsSent, samplesSkipped, commandsApplied, kssCalls, kssMicros, …"""
        return dict(self._report.counts)

    @property
    def learning_rate_scale(self) -> float:
        """The guard's present factor on the learning rate, in (0, 1]."""
        return 1.0 if self._closed else self._interventions.learning_rate.scale

    def __enter__(self) -> "InstabilityGuard":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self.close()

    def __reduce__(self) -> Any:
        """A copy (deepcopy, pickle) of a guard, say inside a model that holds one, does nothing."""
        return _inert, ()

    def disown(self) -> None:
        """In a forked child: let go of the parent's socket, without a word to the sidecar."""
        if not self._closed:
            self._closed = True
            self._guarded(self._membership.disown)
            self._guarded(self._connection.close)
            self._guarded(self._interventions.uninstall)
            self._guarded(self._signals.close)

    def _guarded(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            self._report.error(error)


def _inert() -> InstabilityGuard:
    guard = InstabilityGuard.__new__(InstabilityGuard)
    guard._closed = True
    guard._report = Report()
    return guard
