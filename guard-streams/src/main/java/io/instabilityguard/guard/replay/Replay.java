package io.instabilityguard.guard.replay;

import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Shows a recording to the production topology under another policy. Two replays of a recording under one policy decide the same, byte for byte.
 *
 * <p>A replay says what a policy would have decided on the recorded telemetry, not what the run would have done after another command: a command that was never sent
 * has no outcome, so that it counts as not answered. Claims of guards are left out, since here there is one guard; those of operators count as they did.
 */
public final class Replay implements AutoCloseable {

    private final Recording recording;
    private final Policy policy;
    private final String application;
    private final Progress progress;
    private @Nullable ReplayDriver driver;

    private Replay(Recording recording, Policy policy, String application, Progress progress) {
        this.recording = recording;
        this.policy = policy;
        this.application = application;
        this.progress = progress;
    }

    /** What a policy decides on a recording, in the name of this application. Errors: {@link IOException} in one line when the file cannot be read. */
    public static Decided of(Recording recording, Policy policy, String application) throws IOException {
        return of(recording, policy, application, Progress.hidden());
    }

    /** The same, which counts the records of telemetry that are done. */
    public static Decided of(Recording recording, Policy policy, String application, Progress progress)
            throws IOException {
        try (Replay replay = new Replay(recording, policy, application, progress)) {
            recording.forEach(replay::read);
            return replay.driver == null ? Decided.NOTHING : replay.driver.decided();
        }
    }

    private void read(Recorded recorded) {
        if (driver == null) {
            driver = new ReplayDriver(recording.run(), policy, application, recorded.timestampMs());
        }
        if (!isClaimOfAGuard(recorded)) {
            driver.read(recorded);
        }
        if (recorded.value() instanceof StepTelemetry) {
            progress.done(1);
        }
    }

    private static boolean isClaimOfAGuard(Recorded recorded) {
        return recorded.value() instanceof LeaseClaim claim && !Lease.isPerson(claim.getHolder());
    }

    @Override
    public void close() {
        Optional.ofNullable(driver).ifPresent(ReplayDriver::close);
    }
}
