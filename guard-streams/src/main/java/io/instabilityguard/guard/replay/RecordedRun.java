package io.instabilityguard.guard.replay;

import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.apache.avro.specific.SpecificRecord;

/** What a recording tells without any replay: its extent, what was decided then, and what commands cost. */
public final class RecordedRun {

    private static final String APPLICATION = "instability-guard";

    private final List<Anomaly> anomalies = new ArrayList<>();
    private final List<Decision> decisions = new ArrayList<>();
    private final List<InterventionOutcome> outcomes = new ArrayList<>();
    private final DoubleStream.Builder stepMillis = DoubleStream.builder();
    private CommandCosts costs = CommandCosts.NONE;
    private String application = "";
    private long records;
    private long layerSamples;
    private long firstStep = -1;
    private long lastStep = -1;

    private RecordedRun() {}

    /** Reads a recording once. Errors: {@link IOException} in one line. */
    public static RecordedRun of(Recording recording) throws IOException {
        RecordedRun run = new RecordedRun();
        recording.forEach(run::take);
        run.costs = CommandCosts.of(run.outcomes, run.stepMillis.build().toArray());
        return run;
    }

    private void take(Recorded recorded) {
        SpecificRecord value = recorded.value();
        if (value instanceof StepTelemetry telemetry) {
            take(telemetry);
        } else if (value instanceof Anomaly anomaly) {
            anomalies.add(anomaly);
        } else if (value instanceof Decision decision) {
            decisions.add(decision);
        } else if (value instanceof InterventionOutcome outcome) {
            outcomes.add(outcome);
        } else if (value instanceof LeaseClaim claim && application.isEmpty() && !Lease.isPerson(claim.getHolder())) {
            application = claim.getHolder();
        }
    }

    private void take(StepTelemetry telemetry) {
        records++;
        layerSamples += telemetry.getLayers().size();
        if (telemetry.getProcessRank() != 0) {
            return;
        }
        firstStep = firstStep < 0 ? telemetry.getStep() : firstStep;
        lastStep = Math.max(lastStep, telemetry.getStep());
        if (telemetry.getStepMillis() > 0) {
            stepMillis.add(telemetry.getStepMillis() - Math.max(0, telemetry.getWaitMillis()));
        }
    }

    /** Application id of the guard that was in charge first; that of a guard without configuration when nobody was. */
    public String application() {
        return application.isEmpty() ? APPLICATION : application;
    }

    /** Records of telemetry. */
    public long records() {
        return records;
    }

    /** Layers measured, over all records. */
    public long layerSamples() {
        return layerSamples;
    }

    /** First step of rank 0; -1 when there is none. */
    public long firstStep() {
        return firstStep;
    }

    /** Last step of rank 0; -1 when there is none. */
    public long lastStep() {
        return lastStep;
    }

    /** What was decided then. */
    public Decided decided() {
        return new Decided(anomalies, decisions, "");
    }

    /** What the commands of then cost. */
    public CommandCosts costs() {
        return costs;
    }
}
