package io.instabilityguard.evaluation.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import io.instabilityguard.evaluation.campaign.Runs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SummariesTest {
    private final Plan plan = Plan.read();
    private final List<RunRecord> runs = new ArrayList<>();

    @Test
    void shouldTellTuningSeedsFromUnseenOnes() {
        runs.add(Runs.run("S", "none", 0, null));
        runs.add(Runs.run("S", "none", 1, 2.0));
        runs.add(Runs.run("S", "none", 3, 4.0));
        runs.add(Runs.run("S", "none", 5, null));
        CellSummary cell = cells("S", "none").get(0);
        assertThat(cell.tuning().runs()).isOne();
        assertThat(cell.tuning().diverged()).isOne();
        assertThat(cell.tuning().medianFinalLoss()).isNull();
        assertThat(cell.unseen().runs()).isEqualTo(3);
        assertThat(cell.unseen().diverged()).isOne();
        assertThat(cell.unseen().medianFinalLoss()).isEqualTo(3.0);
        assertThat(cell.unseen().finalLosses()).containsExactly(2.0, 4.0, null);
    }

    @Test
    void shouldCountAlarmsPerTenThousandHealthySteps() {
        RunRecord run = Runs.run("S-stable", "guard", 1, 2.0);
        runs.add(Runs.guarded(run, run.losses(), new Alarm("a", 3, true), new Alarm("b", 4, false)));
        CellSummary cell = cells("S-stable", "guard").get(0);
        assertThat(cell.isHealthy()).isTrue();
        assertThat(cell.alarmsPer10k()).isEqualTo(400);
        assertThat(cell.actingPer10k()).isEqualTo(200);
        assertThat(cell.interventions()).isEqualTo(Map.of("APPLY_MSIGN", 2.0));
    }

    /** The loss of 2 becomes 9 at step 40 and has departed there: (4 · 2 + 9) / 5 = 3.4. */
    @Test
    void shouldMeasureTheLeadOfTheFirstAlarmBeforeTheDeparture() {
        List<@Nullable Double> losses = new ArrayList<>(Collections.nCopies(40, 2.0));
        losses.addAll(Collections.nCopies(10, 9.0));
        runs.add(Runs.guarded(
                Runs.run("S", "observe", 1, null), losses, new Alarm("a", 30, true), new Alarm("b", 38, true)));
        runs.add(Runs.guarded(Runs.run("S", "observe", 3, null), losses, new Alarm("a", 45, true)));
        List<DetectorSummary> detectors = new Summaries(plan, runs).detectors();
        assertThat(detectors)
                .containsExactly(
                        new DetectorSummary("S", "any", 2, 1, 10.0, 10.0, null),
                        new DetectorSummary("S", "a", 2, 1, 10.0, 10.0, null),
                        new DetectorSummary("S", "b", 2, 1, 2.0, 2.0, null));
    }

    private List<CellSummary> cells(String scenario, String method) {
        return new Summaries(plan, runs).cells(plan.cells(new Profile("0-9", List.of(scenario), List.of(method))));
    }
}
