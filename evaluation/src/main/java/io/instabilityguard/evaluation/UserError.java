package io.instabilityguard.evaluation;

/**
 * Something that the user can put right. The message is one line that says what is wrong, where, and what to do; the
 * command line prints it without a stack trace and exits with {@link #exitCode()}.
 */
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Exit code of wrong usage: options, configuration, text. */
    public static final int USAGE = 2;

    /** Exit code of a machine that is not ready: busy port, unwritable folder, missing torch. */
    public static final int ENVIRONMENT = 3;

    private final int exitCode;

    private UserError(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** Wrong usage. */
    public static UserError usage(String message) {
        return new UserError(USAGE, message);
    }

    /** The machine is not ready. */
    public static UserError environment(String message) {
        return new UserError(ENVIRONMENT, message);
    }

    /** What the process exits with. */
    public int exitCode() {
        return exitCode;
    }
}
