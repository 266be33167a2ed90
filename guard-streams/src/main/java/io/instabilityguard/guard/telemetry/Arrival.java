package io.instabilityguard.guard.telemetry;

/** How a record stands to what its run has already told. Each rank's order is its own; a generation is one life of the trainer. */
public enum Arrival {
    /** The first record of a run, or of a newer generation: windows and baselines begin anew. */
    NEW_GENERATION,
    /** A later step than the last one; steps in between may be missing. */
    NEXT,
    /** The last step once more: dropped and counted. */
    REPEATED,
    /** An earlier step than the last one: dropped and counted, because estimators only run forwards. */
    LATE,
    /** From a life of the trainer that is over: dropped and counted. */
    OLD_GENERATION;

    /** Where step {@code step} of {@code generation} stands when {@code lastStep} of {@code lastGeneration} was seen before. */
    public static Arrival of(long generation, long step, long lastGeneration, long lastStep) {
        if (generation != lastGeneration) {
            return generation > lastGeneration ? NEW_GENERATION : OLD_GENERATION;
        }
        if (step == lastStep) {
            return REPEATED;
        }
        return step > lastStep ? NEXT : LATE;
    }
}
