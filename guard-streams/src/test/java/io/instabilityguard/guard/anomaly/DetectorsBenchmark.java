package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;

/** How many records of 224 matrices per second the detectors look at, without Kafka. A program, not a test: its numbers are the machine's. */
public final class DetectorsBenchmark {

    private static final int LAYERS = 224;
    private static final int RECORDS = 20_000;

    private DetectorsBenchmark() {}

    /** Prints the rate of three rounds. */
    public static void main(String[] arguments) {
        for (int round = 0; round < 3; round++) {
            System.out.printf("every step sampled: %,.0f records/s%n", rate(1));
            System.out.printf("every 10th step sampled: %,.0f records/s%n", rate(10));
        }
    }

    private static double rate(int sampleEvery) {
        Detectors detectors = new Detectors(PolicyReader.defaults(), new Roster(1_024));
        List<StepTelemetry> records = new ArrayList<>();
        List<LayerSpectrum> layers = layers();
        for (long step = 0; step < 1_000; step++) {
            boolean sampled = step % sampleEvery == 0;
            records.add(Telemetry.calm(step)
                    .setSpectraStep(sampled ? step : -1)
                    .setLayers(sampled ? layers : List.of())
                    .build());
        }
        long fired = 0;
        long start = System.nanoTime();
        for (int i = 0; i < RECORDS; i++) {
            for (Reading reading : detectors.inspect(Observation.of(records.get(i % records.size())))) {
                fired += reading.isFiring() ? 1 : 0;
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (fired > 0) {
            throw new IllegalStateException("the calm run is not calm");
        }
        return RECORDS / seconds;
    }

    private static List<LayerSpectrum> layers() {
        MatrixRole[] roles = {
            MatrixRole.QUERY,
            MatrixRole.KEY,
            MatrixRole.VALUE,
            MatrixRole.OUTPUT,
            MatrixRole.MLP_UP,
            MatrixRole.MLP_DOWN
        };
        List<LayerSpectrum> layers = new ArrayList<>();
        for (int i = 0; i < LAYERS; i++) {
            layers.add(Telemetry.layer("model.layers." + i + ".weight", roles[i % roles.length], 3, 20));
        }
        return layers;
    }
}
