package io.instabilityguard.sidecar;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.CommandListener;
import io.instabilityguard.sidecar.command.CommandSource;
import io.instabilityguard.sidecar.command.RunProgress;
import io.instabilityguard.sidecar.report.RecordSender;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A sidecar that only measures: without Kafka, without commands; what it would send goes to a function. A trainer in
 * lockstep waits until its step has been measured.
 */
public final class MeasuringSidecar {
    private MeasuringSidecar() {}

    /**
     * The sidecar, not yet started.
     *
     * @param onTelemetry told every record, in order, on one thread
     */
    public static Sidecar of(SidecarConfig config, Consumer<StepTelemetry> onTelemetry) {
        Releasing releasing = new Releasing();
        Consumer<StepTelemetry> both = telemetry -> {
            onTelemetry.accept(telemetry);
            releasing.release(telemetry);
        };
        Sidecar.Ports ports = new Sidecar.Ports(new Told<>(both), releasing, new Told<>(outcome -> {}));
        return new Sidecar(config, ports, SidecarMetrics.NOOP, SystemClock.INSTANCE);
    }

    private record Told<V>(Consumer<V> listener) implements RecordSender<V> {
        @Override
        public void send(String run, V record, String trace, Consumer<@Nullable Exception> done) {
            listener.accept(record);
            done.accept(null);
        }

        @Override
        public void close() {}
    }

    /** No commands; says of every measured step that it is done with. */
    private static final class Releasing implements CommandSource {
        private volatile @Nullable CommandListener listener;

        void release(StepTelemetry telemetry) {
            CommandListener waiting = listener;
            if (waiting != null) {
                waiting.onProgress(
                        new RunProgress(telemetry.getRun(), telemetry.getGeneration(), telemetry.getStep(), 0, "", 0));
            }
        }

        @Override
        public void start(CommandListener trainers) {
            listener = trainers;
        }

        @Override
        public void rereadFrom(long epochMs) {}

        @Override
        public void close() {
            listener = null;
        }
    }
}
