package io.instabilityguard.sidecar;

/** The configuration is wrong; the message is one line that names the key or the file. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An error with this one line. */
    public ConfigException(String message) {
        super(message);
    }

    /** An error with this one line and where it came from. */
    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
