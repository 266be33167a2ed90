package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.command.CommandLedger.Judgement;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger with its journal: what it says has been written down first. Shared by all sessions; any thread. */
public final class CommandLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CommandLog.class);

    private final CommandLedger ledger;
    private final CommandJournal journal;
    private final DistinctErrors errors = new DistinctErrors(LOG);

    /** A ledger that holds what the journal says. */
    public CommandLog(CommandLedger ledger, CommandJournal journal) {
        this.ledger = ledger;
        this.journal = journal;
    }

    /** The log kept in this folder; fails with one line when it cannot be used. */
    public static CommandLog open(Path folder) throws IOException {
        CommandLedger ledger = new CommandLedger();
        return new CommandLog(ledger, FileCommandJournal.open(folder, ledger));
    }

    /** Judges a command and notes where it was read. */
    synchronized Judgement judge(SessionKey session, ReceivedCommand command, long lastStep) {
        Judgement judgement = ledger.judge(session, command, lastStep);
        ledger.read(session, command);
        return judgement;
    }

    /** Writes an entry down before it counts; when that fails it does not count. */
    synchronized void record(JournalEntry entry) throws IOException {
        journal.append(entry);
        ledger.put(entry);
    }

    /**
     * Writes down that a received command is being applied.
     *
     * @return false when it is not open any more: the hook gave up on it in the meantime
     */
    synchronized boolean recordApplying(JournalEntry entry) throws IOException {
        JournalEntry known = ledger.find(entry.session(), entry.command().id()).orElse(entry);
        if (known.state() != JournalEntry.State.RECEIVED
                || ledger.fence(entry.session().run()).bars(entry.command())) {
            return false;
        }
        record(entry.applying());
        return true;
    }

    /** Makes a final entry count even when it cannot be written down: better told twice after a restart than never. */
    synchronized void settle(JournalEntry entry) {
        ledger.put(entry);
        try {
            journal.append(entry);
        } catch (IOException e) {
            errors.warn("a final state is not in the journal", e);
        }
    }

    /** Notes who holds a run; older words change nothing. */
    synchronized void hold(String run, Fence word) {
        ledger.hold(run, word);
    }

    synchronized Fence fence(String run) {
        return ledger.fence(run);
    }

    synchronized Optional<JournalEntry> find(SessionKey session, String id) {
        return ledger.find(session, id);
    }

    synchronized List<JournalEntry> open(SessionKey session) {
        return ledger.open(session);
    }

    synchronized List<JournalEntry> unpublished() {
        return ledger.unpublished();
    }

    synchronized long received(SessionKey session) {
        return ledger.received(session);
    }

    @Override
    public synchronized void close() {
        try {
            journal.close();
        } catch (IOException e) {
            errors.warn("closing the journal", e);
        }
    }
}
