package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.intervention.InterventionReport.LadderReport;
import io.instabilityguard.guard.intervention.InterventionReport.OpenReport;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class InterventionReportTest {

    private static final Policy POLICY = PolicyReader.parse("""
            ladders:
              loss-spike:
                rungs: [sample-more-often, cut-learning-rate]
                watch-steps: 0
                escalate-after-commands: 2
                de-escalate-after-steps: 200
            """, null);

    @Test
    void shouldTellWhatIsSpentAndWhatWaits() {
        InterventionReport report =
                InterventionReport.of(MemoryCodec.encode(memory()), POLICY, Long.MAX_VALUE - 1, 105, 100);
        assertThat(report.spent()).as("of another generation").isZero();
        report = InterventionReport.of(MemoryCodec.encode(memory()), POLICY, 7, 105, 100);
        assertThat(report.spent()).isEqualTo(2.5);
        assertThat(report.budget()).isEqualTo(POLICY.budget());
        assertThat(report.open()).containsExactly(new OpenReport("a", "loss-spike", 98, 4, 20));
        assertThat(report.ladders())
                .containsExactly(new LadderReport("loss-spike", 1, List.of("sample-more-often", "cut-learning-rate")));
        assertThat(report.rungs())
                .filteredOn(rung -> rung.rung().equals("cut-learning-rate"))
                .containsExactly(new RungReport("cut-learning-rate", 1, 60, 110, false, -1));
    }

    @Test
    void shouldTellOfARunThatNothingWasDecidedAbout() {
        InterventionReport report = InterventionReport.of(new byte[0], POLICY, 7, 105, Double.NaN);
        assertThat(report.open()).isEmpty();
        assertThat(report.rungs()).isNotEmpty().allMatch(rung -> rung.spent() == 0 && rung.pausedUntilStep() == -1);
    }

    private static RunMemory memory() {
        IssuedCommand cut = new IssuedCommand(
                "c",
                "cut-learning-rate",
                "a",
                "loss-spike",
                99,
                State.APPLIED,
                100,
                2.5,
                null,
                250,
                0,
                "",
                AppliedRanks.noneOf(1),
                "");
        Finding finding =
                new Finding("loss-spike", "loss", List.of(), 9, 2, 4, 98, 101, Double.NaN, "far above its mean");
        OpenAnomaly open = new OpenAnomaly("a", "loss-spike", 98, 101, 101, finding, finding);
        return new RunMemory(
                "run-1",
                7,
                3,
                "hash",
                1,
                List.of(open),
                List.of(cut),
                Map.of("loss-spike", new Standing(1, 0, -1)),
                Map.of(),
                Desk.EMPTY);
    }
}
