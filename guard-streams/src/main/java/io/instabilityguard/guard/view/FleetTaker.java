package io.instabilityguard.guard.view;

import io.instabilityguard.guard.feed.FeedRecord;
import io.instabilityguard.guard.feed.Taker;
import io.instabilityguard.guard.telemetry.TelemetryValidation;
import io.instabilityguard.guard.view.board.Fleet;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import org.apache.avro.specific.SpecificRecord;

/** Fills a {@link Fleet} with those records that the guard, too, would believe. */
record FleetTaker(Fleet fleet) implements Taker {

    @Override
    public boolean take(FeedRecord record) {
        String run = record.key();
        if (run == null || TelemetryValidation.problemOfRun(run, run).isPresent()) {
            return false;
        }
        SpecificRecord value = record.value();
        if (value == null && record.topic().equals(Topics.RUNS.name())) {
            fleet.withdraw(run);
            return true;
        }
        if (value == null || isAbsurd(run, value)) {
            return false;
        }
        fleet.take(run, value);
        return true;
    }

    private static boolean isAbsurd(String run, SpecificRecord value) {
        return value instanceof StepTelemetry step
                && TelemetryValidation.problemOf(run, step).isPresent();
    }
}
