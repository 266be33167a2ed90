package io.instabilityguard.evaluation.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import io.instabilityguard.evaluation.campaign.Runs;
import io.instabilityguard.evaluation.evidence.Evidence.Claim;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private final Plan plan = Plan.read();
    private final List<RunRecord> runs = new ArrayList<>();

    @Test
    void shouldCompareTheGuardWithTheBestRivalOnUnseenSeeds() {
        runs.add(Runs.run("S", "none", 1, null));
        runs.add(Runs.run("S", "zclip", 1, null));
        runs.add(Runs.run("S", "clip-1.0", 1, 2.0));
        runs.add(Runs.run("S", "half-lr", 1, 2.5));
        runs.add(Runs.run("S", "guard", 0, 1.0));
        runs.add(Runs.run("S", "guard", 1, 2.1));
        assertThat(claims().all())
                .containsExactly(
                        new Claim(true, "S: lost under the guard 0 of 1, under the best rival (clip-1.0) 0 of 1"),
                        new Claim(false, "S: median final loss against the best rival (clip-1.0): +5.0 %"));
    }

    @Test
    void shouldCompareTheGuardWithTheRemedyOfItsAuthors() {
        runs.add(Runs.run("D12", "mhc", 1, 2.0));
        runs.add(Runs.run("D12", "guard", 1, 2.02));
        assertThat(claims().all())
                .contains(
                        new Claim(true, "D12: guarded runs lost 0 of 1, median final loss against always mhc +1.0 %"));
    }

    @Test
    void shouldCompareNoLossWithThatOfAMethodWithoutSurvivors() {
        runs.add(Runs.run("D12", "mhc", 1, null));
        runs.add(Runs.run("D12", "guard", 1, 2.02));
        assertThat(claims().all())
                .containsExactly(
                        new Claim(true, "D12: lost under the guard 0 of 1, under the best rival (mhc) 1 of 1"));
    }

    @Test
    void shouldCountFalseAlarmsThatAct() {
        RunRecord healthy = Runs.run("S-stable", "guard", 1, 2.0);
        runs.add(Runs.guarded(healthy, healthy.losses(), new Alarm("a", 3, true)));
        assertThat(claims().all())
                .containsExactly(new Claim(false, "S-stable: false alarms that act per 10,000 steps: 200.00"));
    }

    @Test
    void shouldNameMethodsThatLoseMoreThanDoingNothing() {
        runs.add(Runs.run("S", "none", 1, 2.0));
        runs.add(Runs.run("S", "kss", 1, null));
        runs.add(Runs.run("S", "observe", 1, null));
        assertThat(claims().harmful()).containsExactly("S: kss loses 1 of 1 runs, doing nothing 0 of 1");
    }

    private Claims claims() {
        List<String> methods = plan.methods().stream().map(Plan.Method::name).toList();
        return new Claims(
                plan,
                new Summaries(plan, runs)
                        .cells(plan.cells(new Profile("0-9", List.of("S", "S-stable", "D12"), methods))));
    }
}
