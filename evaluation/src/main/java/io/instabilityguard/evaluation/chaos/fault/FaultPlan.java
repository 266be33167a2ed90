package io.instabilityguard.evaluation.chaos.fault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Which faults a trial gets: two each, and over any {@code ceil(kinds / 2)} trials from the first on every kind, in another order every time. Pure. */
public final class FaultPlan {
    private static final int FAULTS_PER_TRIAL = 2;
    private static final int LATEST_MS = 2_000;
    private static final long LEAST_MS = 300;
    private static final int SPREAD_MS = 1_700;
    private static final long START_MS = 4_000;
    private static final int LATEST_COMMAND = 4;
    private static final int LATEST_AFTER_COMMAND_MS = 60;
    private static final int CHOICES = 1 << 16;
    private static final long SEED_STRIDE = 1_000_003;

    private FaultPlan() {}

    /** The faults of a trial; of nothing but its number and the seed. */
    public static List<Fault> of(long seed, int trial) {
        Random random = new Random(seed * SEED_STRIDE + trial);
        return IntStream.range(trial * FAULTS_PER_TRIAL, (trial + 1) * FAULTS_PER_TRIAL)
                .mapToObj(turn -> fault(kind(seed, turn), random))
                .toList();
    }

    private static FaultKind kind(long seed, int turn) {
        int kinds = FaultKind.values().length;
        List<FaultKind> order = new ArrayList<>(Arrays.asList(FaultKind.values()));
        Collections.shuffle(order, new Random(~(seed * SEED_STRIDE + turn / kinds)));
        return order.get(turn % kinds);
    }

    /** Every other fault falls into an intervention. */
    private static Fault fault(FaultKind kind, Random random) {
        boolean within = random.nextBoolean();
        int command = within ? 1 + random.nextInt(LATEST_COMMAND) : 0;
        long delayMs = random.nextInt(within ? LATEST_AFTER_COMMAND_MS : LATEST_MS);
        long durationMs = (kind.needsAStart() ? START_MS : LEAST_MS) + random.nextInt(SPREAD_MS);
        return new Fault(kind, command, delayMs, durationMs, random.nextInt(CHOICES));
    }
}
