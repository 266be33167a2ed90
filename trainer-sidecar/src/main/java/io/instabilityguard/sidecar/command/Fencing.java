package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.SidecarMessage;

/** Keeps commands of a holder that has lost the run from one session. Words about holders come on the source's one thread. */
final class Fencing {
    private final SessionKey session;
    private final CommandLog log;
    private final HookLink link;
    private Fence heeded = Fence.NONE;

    Fencing(SessionKey session, CommandLog log, HookLink link) {
        this.session = session;
        this.log = log;
        this.link = link;
    }

    boolean bars(ReceivedCommand command) {
        return fence().bars(command);
    }

    String reason(ReceivedCommand command) {
        return fence().reason(command);
    }

    /** Refuses a command of a holder that has lost the run. */
    void check(ReceivedCommand command) throws RefusedException {
        if (bars(command)) {
            throw new RefusedException(reason(command));
        }
    }

    /** A word about who holds the run, possibly an old one. */
    void hear(RunProgress state) {
        log.hold(state.run(), new Fence(state.generation(), state.holder(), state.epoch()));
        withdraw();
    }

    /** Has the hook drop what an earlier holder commanded, if the run has changed hands; what is being applied is too late to stop. */
    void withdraw() {
        if (fence().equals(heeded)) {
            return;
        }
        heeded = fence();
        log.open(session).stream()
                .filter(entry -> entry.session().equals(session) && entry.state() == JournalEntry.State.RECEIVED)
                .map(JournalEntry::command)
                .filter(command -> bars(command) && !command.isCancel())
                .forEach(command -> link.send(new SidecarMessage.Cancel(command.id(), OneLine.of(reason(command)))));
    }

    private Fence fence() {
        return log.fence(session.run());
    }
}
