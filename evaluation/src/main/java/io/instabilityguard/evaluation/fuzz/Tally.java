package io.instabilityguard.evaluation.fuzz;

/**
 * What one target did with its inputs.
 *
 * @param inputs how many it was given
 * @param accepted how many it took for what they pretended to be
 * @param refused how many it refused, in one line each
 * @param mostAllocatedBytes most memory that reading one of them allocated in all
 * @param mostCpuMillis longest time that reading one of them took the processor
 */
record Tally(long inputs, long accepted, long refused, long mostAllocatedBytes, double mostCpuMillis) {
    /** Before the first input. */
    static final Tally NONE = new Tally(0, 0, 0, 0, 0);

    Tally with(Verdict verdict, Cost cost) {
        return new Tally(
                inputs + 1,
                accepted + (verdict.isAccepted() ? 1 : 0),
                refused + (verdict.isGood() && !verdict.isAccepted() ? 1 : 0),
                Math.max(mostAllocatedBytes, cost.allocatedBytes()),
                Math.max(mostCpuMillis, cost.cpuNanos() / 1e6));
    }
}
