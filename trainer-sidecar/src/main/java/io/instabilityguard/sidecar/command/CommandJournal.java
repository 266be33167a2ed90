package io.instabilityguard.sidecar.command;

import java.io.IOException;

/** Where the sidecar writes down how far each command got, before anybody acts on it. */
public interface CommandJournal extends AutoCloseable {
    /** Writes the entry down; when this returns it survives a crash of the process and of the machine. */
    void append(JournalEntry entry) throws IOException;

    @Override
    void close() throws IOException;
}
