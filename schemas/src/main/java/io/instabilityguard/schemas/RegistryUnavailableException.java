package io.instabilityguard.schemas;

import org.apache.kafka.common.errors.SerializationException;

/**
 * The schema registry did not answer in time or not usefully. Says nothing against the record: try again or stop, but do not send it to the
 * dead letters.
 */
public final class RegistryUnavailableException extends SerializationException {
    private static final long serialVersionUID = 1L;

    /** Says which registry, what was asked and what came back. */
    public RegistryUnavailableException(String message) {
        super(message);
    }

    /** Says which registry, what was asked and why no answer came. */
    public RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
