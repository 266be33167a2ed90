package io.instabilityguard.sidecar.frame;

/** The sidecar's side of one connection. Called by the connection's own reading thread only. */
public interface HookListener {
    /**
     * The next message.
     *
     * @throws ProtocolException to refuse it and close the connection
     */
    void onMessage(HookMessage message) throws ProtocolException;

    /** The connection ended, for whatever reason; called once. */
    void onClosed();
}
