package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Method;
import java.util.HashMap;
import java.util.Map;

/** The keys under which runs are stored, for the code as it is now. Thread-safe. */
final class Keys {
    private final Sources sources;
    private final int delay;
    private final String policy;
    private final String trainer;
    private final Map<GuardSetting, String> guarded = new HashMap<>();

    /**
     * Keys.
     *
     * @param sources of the repository
     * @param delay lockstep delay of guarded runs
     * @param policy text of the policy to use instead of the default one; empty to keep it
     */
    Keys(Sources sources, int delay, String policy) {
        this.sources = sources;
        this.delay = delay;
        this.policy = policy;
        this.trainer = sources.trainer();
    }

    RunKey of(Cell cell, int seed) {
        Method method = cell.method();
        return method.isGuarded()
                ? new RunKey(cell.scenario(), method.name(), seed, delay, hash(setting(method)))
                : new RunKey(cell.scenario(), method.name(), seed, 0, trainer);
    }

    GuardSetting setting(Method method) {
        return GuardSetting.of(method, policy);
    }

    private synchronized String hash(GuardSetting setting) {
        return guarded.computeIfAbsent(setting, one -> sources.guarded(one.policy()));
    }

    int delay() {
        return delay;
    }
}
