package io.instabilityguard.sidecar.command;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one command in one process: one line of the journal, the later line of the same id wins.
 *
 * @param session whose command it is
 * @param command the command
 * @param state how far it got
 * @param outcome the outcome (Avro single-object encoding, base64) from {@link State#FINAL} on, until it is published
 */
public record JournalEntry(
        SessionKey session,
        ReceivedCommand command,
        State state,
        @Nullable String outcome) {
    /** Refuses an incomplete entry. */
    public JournalEntry {
        Objects.requireNonNull(session);
        Objects.requireNonNull(command);
        Objects.requireNonNull(state);
    }

    /** How far a command got in one process. */
    public enum State {
        /** To be sent to the hook, or sent. */
        RECEIVED,
        /** The slots are being filled for the hook: it may or may not take effect. */
        APPLYING,
        /** Decided for ever; the outcome waits to be published. */
        FINAL,
        /** The outcome is in Kafka. */
        PUBLISHED,
        /** Never written down: an outcome that passes through, as of a duplicate. */
        PASSING
    }

    /** The command has arrived. */
    public static JournalEntry received(SessionKey session, ReceivedCommand command) {
        return new JournalEntry(session, command, State.RECEIVED, null);
    }

    JournalEntry applying() {
        return new JournalEntry(session, command, State.APPLYING, null);
    }

    JournalEntry decided(String encodedOutcome) {
        return new JournalEntry(session, command, State.FINAL, encodedOutcome);
    }

    JournalEntry published() {
        return new JournalEntry(session, command, State.PUBLISHED, null);
    }

    JournalEntry passing(String encodedOutcome) {
        return new JournalEntry(session, command, State.PASSING, encodedOutcome);
    }

    boolean isOpen() {
        return state == State.RECEIVED || state == State.APPLYING;
    }
}
