package io.instabilityguard.evaluation.signals;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.Runs;
import io.instabilityguard.evaluation.campaign.Traces;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.specific.SpecificDatumWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignalStudyTest {
    private static final int STEPS = 50;
    private static final int DEPARTURE = 40;

    private final List<RunRecord> runs = new ArrayList<>();

    @TempDir
    private Path folder;

    /** Ten lost runs with a large gradient and nine healthy ones: one more is needed. */
    @Test
    void shouldScoreOnlyWhereThereAreTenOfEitherKind() throws IOException {
        for (int seed = 0; seed < 10; seed++) {
            observe(seed, 9, true);
        }
        for (int seed = 10; seed < 19; seed++) {
            observe(seed, 1, false);
        }
        assertThat(scores()).isEmpty();
        observe(19, 1, false);
        assertThat(scores())
                .filteredOn(score -> score.signal().equals("gradient-norm")
                        && score.lead() == 5
                        && score.reading().equals(SignalScore.LATEST))
                .singleElement()
                .satisfies(score -> assertThat(score.auroc()).isOne());
    }

    private List<SignalScore> scores() {
        return new SignalStudy(Plan.read(), runs, new Traces(folder)).scores();
    }

    private void observe(int seed, double gradient, boolean isLost) throws IOException {
        List<Double> losses = new ArrayList<>(Collections.nCopies(DEPARTURE, 2.0));
        losses.addAll(Collections.nCopies(STEPS - DEPARTURE, isLost ? 9.0 : 2.0));
        runs.add(Runs.guarded(
                Runs.run("F", "observe", seed, isLost ? null : 2.0), Collections.unmodifiableList(losses)));
        try (DataFileWriter<StepTelemetry> trace =
                new DataFileWriter<>(new SpecificDatumWriter<>(StepTelemetry.class))) {
            trace.create(
                    StepTelemetry.getClassSchema(),
                    folder.resolve("F.observe." + seed + ".avro").toFile());
            for (int step = 0; step < STEPS; step++) {
                trace.append(StepTelemetry.newBuilder(Records.step("run", step, 4))
                        .setGradientNorm(gradient)
                        .build());
            }
        }
    }
}
