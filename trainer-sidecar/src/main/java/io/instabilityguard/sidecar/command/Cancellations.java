package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The commands that ask for the end of another one, until that one is settled. Any thread. */
final class Cancellations {
    private final SessionKey session;
    private final CommandLog log;
    private final HookLink link;
    private final Map<String, JournalEntry> byTarget = new ConcurrentHashMap<>();

    Cancellations(SessionKey session, CommandLog log, HookLink link) {
        this.session = session;
        this.log = log;
        this.link = link;
    }

    /** Asks the hook not to apply the command; false when that one is not open. */
    boolean ask(JournalEntry cancellation) {
        ReceivedCommand command = cancellation.command();
        if (log.find(session, command.undoes()).filter(JournalEntry::isOpen).isEmpty()) {
            return false;
        }
        byTarget.put(command.undoes(), cancellation);
        String by = command.approver().isEmpty() ? command.holder() : command.approver();
        link.send(new SidecarMessage.Cancel(command.undoes(), OneLine.of("cancelled by " + by)));
        return true;
    }

    /** Whether an entry waits for what becomes of another one. */
    boolean isWaiting(JournalEntry entry) {
        return byTarget.containsValue(entry);
    }

    /** The cancellation that the end of this command settles. */
    Optional<JournalEntry> settledBy(String target) {
        return Optional.ofNullable(byTarget.remove(target));
    }
}
