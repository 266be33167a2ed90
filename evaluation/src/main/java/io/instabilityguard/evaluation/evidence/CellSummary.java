package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.campaign.Plan.Role;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All runs of one method in one scenario.
 *
 * @param scenario the trainer's name
 * @param method the plan's name
 * @param role of the method in the comparison
 * @param isHealthy whether the scenario is a stable twin
 * @param tuning even seeds: thresholds were chosen on them
 * @param unseen odd seeds: what counts
 * @param spikeScore mean OLMo spike score of the loss over all runs, percent of steps; null without runs
 * @param gradientLabelled runs whose gradient norm was above 500 or not finite at any step: the label of RKSP
 * @param accuracy median task accuracy of the runs that did not diverge; null when the task has none
 * @param alarmsPer10k in a healthy scenario under the guard: anomalies raised per 10,000 steps; null elsewhere
 * @param actingPer10k the same, those answered by a command (or a would-be command); null elsewhere
 * @param interventions applied commands per run, by kind
 * @param harmful commands judged harmful, in all runs
 * @param secondsPerStep median over runs of the median step, waits for the guard included; null when unknown
 * @param hookMillis median over runs of the hook's own time per step, waits excluded; null without a guard
 * @param keptFrom commit of the earlier report that counted these runs, which the store no longer has; null when it has them
 */
public record CellSummary(
        String scenario,
        String method,
        Role role,
        boolean isHealthy,
        Half tuning,
        Half unseen,
        @Nullable Double spikeScore,
        int gradientLabelled,
        @Nullable Double accuracy,
        @Nullable Double alarmsPer10k,
        @Nullable Double actingPer10k,
        Map<String, Double> interventions,
        int harmful,
        @Nullable Double secondsPerStep,
        @Nullable Double hookMillis,
        @Nullable String keptFrom) {
    /**
     * The runs of even or of odd seeds.
     *
     * @param runs how many
     * @param diverged of them, by the trainer's label
     * @param low lower end of the Wilson 95 % interval of the divergence rate; null without runs
     * @param high upper end
     * @param collapsed runs that did not diverge but ended far above a healthy loss
     * @param medianFinalLoss of the runs that did not diverge; null when there is none
     * @param finalLosses one per run in the order of seeds; null where the run diverged or the loss is not finite
     */
    public record Half(
            int runs,
            int diverged,
            @Nullable Double low,
            @Nullable Double high,
            int collapsed,
            @Nullable Double medianFinalLoss,
            List<@Nullable Double> finalLosses) {
        /** Diverged or collapsed. */
        int lost() {
            return diverged + collapsed;
        }

        double lostRate() {
            return runs == 0 ? Double.NaN : (double) lost() / runs;
        }
    }

    /** Runs of all seeds. */
    int runs() {
        return tuning.runs() + unseen.runs();
    }

    /** The same, counted by an earlier report: the first one that did stays named. */
    CellSummary keptFrom(String commit) {
        return new CellSummary(
                scenario,
                method,
                role,
                isHealthy,
                tuning,
                unseen,
                spikeScore,
                gradientLabelled,
                accuracy,
                alarmsPer10k,
                actingPer10k,
                interventions,
                harmful,
                secondsPerStep,
                hookMillis,
                keptFrom == null ? commit : keptFrom);
    }
}
