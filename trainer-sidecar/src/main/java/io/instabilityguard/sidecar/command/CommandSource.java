package io.instabilityguard.sidecar.command;

/** Where commands come from. */
public interface CommandSource extends AutoCloseable {
    /** Begins to tell the listener what is said from now on. */
    void start(CommandListener listener);

    /** Reads everything since that time (epoch milliseconds) again, soon. Never blocks; any thread. */
    void rereadFrom(long epochMs);

    /** Stops in bounded time. */
    @Override
    void close();
}
