package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import io.instabilityguard.evaluation.campaign.RunRecord.GuardPart;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finished runs for tests. */
public final class Runs {
    private Runs() {}

    /** A run of 50 steps that keeps its loss; it diverged at its last step when there is none. */
    public static RunRecord run(String scenario, String method, int seed, @Nullable Double loss) {
        boolean diverged = loss == null;
        TrainerResult result = new TrainerResult(
                scenario, seed, method, diverged, diverged ? 49 : null, loss, 50, 0.002, diverged, 0, diverged, null);
        return new RunRecord(
                new RunKey(scenario, method, seed, 0, "sources"),
                "commit",
                result,
                Collections.nCopies(50, loss == null ? 9.0 : loss),
                1.0,
                null);
    }

    /** The same with losses of its own and alarms of the guard. */
    public static RunRecord guarded(RunRecord run, List<@Nullable Double> losses, Alarm... alarms) {
        GuardPart part = new GuardPart(List.of(alarms), Map.of("APPLY_MSIGN", 2), 1, 0.05, 0);
        return new RunRecord(run.key(), run.commit(), run.result(), losses, 1.0, part);
    }
}
