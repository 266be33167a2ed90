package io.instabilityguard.sidecar.frame;

/** The way back to one hook. Never blocks; any thread. */
public interface HookLink extends AutoCloseable {
    /** Queues a message; after {@link #refuse} or {@link #close} it is forgotten. */
    void send(SidecarMessage message);

    /** Says why, then closes once that has been written. */
    void refuse(String reason);

    /** Closes at once. */
    @Override
    void close();
}
