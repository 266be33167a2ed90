package io.instabilityguard.sidecar.errors;

import java.nio.file.FileSystemException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Logs each distinct error once, and again when it has been seen 10, 100, 1,000 … times; the rest is counted. Never more
 * than {@value #MAX_DISTINCT} are told apart. Any thread.
 */
public final class DistinctErrors {
    private static final int MAX_DISTINCT = 256;

    private final Logger logger;
    private final Map<String, Long> counts = new LinkedHashMap<>();

    /** Errors that go to this logger at WARN. */
    public DistinctErrors(Logger logger) {
        this.logger = logger;
    }

    /** Counts an error: {@code what} went wrong because of {@code cause}. */
    public void warn(String what, Throwable cause) {
        warn(what + ": " + describe(cause));
    }

    /** Counts an error told in one line. */
    public void warn(String line) {
        long count = count(line);
        if (count == 1) {
            logger.warn("{}", line);
        } else if (isPowerOfTen(count)) {
            logger.warn("{} (seen {} times)", line, count);
        }
    }

    private synchronized long count(String line) {
        String key = counts.containsKey(line) || counts.size() < MAX_DISTINCT ? line : "others";
        return counts.merge(key, 1L, Long::sum);
    }

    private static boolean isPowerOfTen(long count) {
        long rest = count;
        while (rest % 10 == 0) {
            rest /= 10;
        }
        return rest == 1;
    }

    /** The error in one line: its message, with its type where the message does not say what is wrong. */
    public static String describe(Throwable cause) {
        String type = cause.getClass().getSimpleName();
        String message = cause.getMessage();
        if (message == null || message.isBlank()) {
            return type;
        }
        String line = message.lines().findFirst().orElse("");
        return cause instanceof FileSystemException file && file.getReason() == null ? type + ": " + line : line;
    }
}
