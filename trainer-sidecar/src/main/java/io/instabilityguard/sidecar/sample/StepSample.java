package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.koopman.KoopmanProfile;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import java.util.ArrayList;
import java.util.List;

/**
 * What was measured at one sampled step.
 *
 * @param step the step, -1 for none
 * @param spectra one per tracked matrix, in the hook's order
 * @param profiles one per block with a snapshot, where they were due
 * @param mixing the hyper-connection matrices that were sampled, in the hook's order
 * @param statistics of layers, the hook's own first
 * @param omissions what was not measured or not believed, and why, one line each
 */
public record StepSample(
        long step,
        List<Spectrum> spectra,
        List<Profile> profiles,
        List<Mixing> mixing,
        List<Statistic> statistics,
        List<String> omissions) {
    /** No sample. */
    public static final StepSample NONE = omitting(List.of());

    /** Copies the lists. */
    public StepSample {
        spectra = List.copyOf(spectra);
        profiles = List.copyOf(profiles);
        mixing = List.copyOf(mixing);
        statistics = List.copyOf(statistics);
        omissions = List.copyOf(omissions);
    }

    /** No sample, and why. */
    public static StepSample omitting(List<String> omissions) {
        return new StepSample(-1, List.of(), List.of(), List.of(), List.of(), omissions);
    }

    /** The same with further omissions. */
    public StepSample andOmitting(List<String> more) {
        List<String> all = new ArrayList<>(omissions);
        all.addAll(more);
        return new StepSample(step, spectra, profiles, mixing, statistics, all);
    }

    /** The step whose forward pass was measured; -1 when only weights were. */
    public long profilesStep() {
        return profiles.isEmpty() && mixing.isEmpty() && statistics.isEmpty() ? -1 : step;
    }

    /**
     * One matrix.
     *
     * @param matrix which one
     * @param spectrum what was measured
     * @param alignment of its top right singular vector with the top left one of the matrix that feeds it; NaN when unknown
     */
    public record Spectrum(Hello.Matrix matrix, MatrixSpectrum spectrum, double alignment) {}

    /** The Koopman profile of one block. */
    public record Profile(Hello.Snapshot snapshot, KoopmanProfile koopman) {}

    /**
     * One hyper-connection, all elements finite.
     *
     * @param mixer which one
     * @param projected whether the forward pass used the doubly stochastic projection
     * @param mixed n x n, row-major, as the forward pass used it
     * @param unprojected n x n, row-major, before any projection
     */
    public record Mixing(Hello.Mixer mixer, boolean projected, List<Float> mixed, List<Float> unprojected) {
        /** Copies the lists. */
        public Mixing {
            mixed = List.copyOf(mixed);
            unprojected = List.copyOf(unprojected);
        }
    }
}
