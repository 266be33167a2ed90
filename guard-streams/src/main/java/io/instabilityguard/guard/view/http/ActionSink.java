package io.instabilityguard.guard.view.http;

import io.instabilityguard.schemas.OperatorAction;
import java.util.Optional;

/** Where operators' wishes go. */
@FunctionalInterface
public interface ActionSink {

    /** Hands one over and waits, for a bounded time, until it is safe. The answer: why it is not, in one line; empty when it is. */
    Optional<String> send(OperatorAction action);
}
