package io.instabilityguard.guard.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.Serial;
import java.util.regex.Pattern;

/** A policy or configuration that cannot be used; the message is the one line a person needs: dotted key, what is wrong, what is allowed. */
public final class PolicyException extends IllegalArgumentException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_LENGTH = 1_000;
    /** What would begin another line on somebody's screen. */
    private static final Pattern BREAK = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]+");

    /** A problem, made one line of at most {@value #MAX_LENGTH} characters: it may quote what somebody else wrote. */
    public PolicyException(String message) {
        super(line(message));
    }

    /** A text that is not YAML, with the line and the reason where the parser knows them. */
    public static PolicyException notYaml(String what, JsonProcessingException e) {
        String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
        String reason = e.getOriginalMessage().lines().findFirst().orElse("");
        return new PolicyException(what + "not YAML" + line + ": " + reason);
    }

    private static String line(String message) {
        String line = BREAK.matcher(message).replaceAll(" ");
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
    }
}
