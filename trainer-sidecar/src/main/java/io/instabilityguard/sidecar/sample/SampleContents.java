package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.HookMessage.MixerSampled;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a STEP says of its sample, as far as it fits HELLO.
 *
 * @param snapshotTokens valid rows per snapshot of HELLO, 0 where it is missing or not believed
 * @param mixers sampled mixers, each once
 * @param statistics finite ones of known layers, each once
 * @param omissions of the hook
 * @param refusals what was not believed: which field, where, what to do; one line each
 */
public record SampleContents(
        List<Integer> snapshotTokens,
        List<MixerSampled> mixers,
        List<Statistic> statistics,
        List<String> omissions,
        List<String> refusals) {
    /** Copies the lists. */
    public SampleContents {
        snapshotTokens = List.copyOf(snapshotTokens);
        mixers = List.copyOf(mixers);
        statistics = List.copyOf(statistics);
        omissions = List.copyOf(omissions);
        refusals = List.copyOf(refusals);
    }

    /** Refusals and omissions: what is missing in the sample, and why. */
    public List<String> lines() {
        return Stream.concat(refusals.stream(), omissions.stream()).toList();
    }
}
