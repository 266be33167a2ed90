package io.instabilityguard.guard.console;

import io.instabilityguard.guard.lease.Lease;
import java.time.Clock;
import java.util.UUID;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Who acts, and why: both are recorded with what comes of it. */
final class OperatorOptions {

    private final Clock clock = Clock.systemUTC();

    @Option(
            names = "--operator",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            defaultValue = "${env:GUARD_OPERATOR:-${sys:user.name}}",
            description = "Who asks; default: $GUARD_OPERATOR, else the user: ${DEFAULT-VALUE}.")
    private String operator = "";

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            scope = ScopeType.INHERIT,
            defaultValue = "",
            description = "Why; it is recorded.")
    private String reason = "";

    String name() {
        return operator;
    }

    /** The operator as a holder of leases. */
    String holder() {
        return Lease.OPERATOR + operator;
    }

    String reason() {
        return reason;
    }

    long nowMs() {
        return clock.millis();
    }

    /** An id for what is asked. */
    static String newId() {
        return UUID.randomUUID().toString();
    }
}
