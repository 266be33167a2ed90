package io.instabilityguard.sidecar.koopman;

/** Koopman profile of one block from its residual snapshots. Not thread-safe; reuses its work memory. */
public final class KoopmanProbe {

    /** A probe with work memory of its own. */
    public KoopmanProbe(KoopmanSettings settings) {}

    /** Profiles {@code block}; never throws on its values: bad ones give a profile that abstains. */
    public KoopmanProfile profile(BlockSnapshots block) {
        return KoopmanProfile.abstaining(block, "not implemented yet");
    }
}
