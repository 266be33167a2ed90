package io.instabilityguard.sidecar;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.command.CommandListener;
import io.instabilityguard.sidecar.command.CommandSource;
import io.instabilityguard.sidecar.report.RecordSender;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A sidecar that only measures: without Kafka, without commands; what it would send goes to a function. */
public final class MeasuringSidecar {
    private MeasuringSidecar() {}

    /**
     * The sidecar, not yet started.
     *
     * @param onTelemetry told every record, in order, on one thread
     */
    public static Sidecar of(SidecarConfig config, Consumer<StepTelemetry> onTelemetry) {
        Sidecar.Ports ports = new Sidecar.Ports(new Told<>(onTelemetry), new Silence(), new Told<>(outcome -> {}));
        return new Sidecar(config, ports, SidecarMetrics.NOOP, SystemClock.INSTANCE);
    }

    private record Told<V>(Consumer<V> listener) implements RecordSender<V> {
        @Override
        public void send(String run, V record, Consumer<@Nullable Exception> done) {
            listener.accept(record);
            done.accept(null);
        }

        @Override
        public void close() {}
    }

    private record Silence() implements CommandSource {
        @Override
        public void start(CommandListener listener) {}

        @Override
        public void rereadFrom(long epochMs) {}

        @Override
        public void close() {}
    }
}
