package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.anomaly.WatchReport;
import io.instabilityguard.guard.intervention.InterventionReport;

/** What a process knows of the detectors of a run. */
public sealed interface WatchAnswer {

    /** They are in this process. */
    record Here(WatchReport watch, InterventionReport interventions) implements WatchAnswer {}

    /** They are in the guard that is reached there. */
    record At(String host, int port) implements WatchAnswer {

        /** The address. */
        String address() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** Nobody can say for the moment, because they are being moved or restored. */
    record Moving(String reason) implements WatchAnswer {}

    /** They are in another guard, which has not told how it is reached. */
    record OutOfReach(String reason) implements WatchAnswer {}

    /** There are none. */
    record Nowhere(String reason) implements WatchAnswer {}
}
