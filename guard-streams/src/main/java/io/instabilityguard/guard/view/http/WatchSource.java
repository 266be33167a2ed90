package io.instabilityguard.guard.view.http;

/** Where the live state of detectors is found. */
@FunctionalInterface
public interface WatchSource {

    /** A process without detectors. */
    WatchSource NONE = (run, layer) -> new WatchAnswer.Nowhere(
            "no detectors in this process: it shows what guards publish; ask the dashboard of a guard");

    /** How the detectors of a run stand; of a layer, unless it is empty. Waits for nothing. */
    WatchAnswer of(String run, String layer);
}
