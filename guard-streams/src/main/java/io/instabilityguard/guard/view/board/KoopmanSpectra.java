package io.instabilityguard.guard.view.board;

import io.instabilityguard.schemas.KoopmanProfile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The newest Koopman profile of every block. */
final class KoopmanSpectra {

    private static final int MOST_BLOCKS = 256;

    private final Map<String, Spectrum> blocks = new TreeMap<>();

    /**
     * The spectrum of one block.
     *
     * @param block path of the block
     * @param depth its index
     * @param step step of the snapshot
     * @param abstained why the profile says nothing; empty when it may be used
     * @param nearUnitMass share of modes near the unit circle
     * @param overUnitMass share outside of it
     * @param contractingMass share well inside
     * @param spectralRadius largest modulus
     * @param nonlinearityRatio how much the linear map leaves out
     * @param modes eigenvalues as pairs of real and imaginary part, as in the record: largest modulus first, at most 64
     */
    public record Spectrum(
            String block,
            int depth,
            long step,
            String abstained,
            double nearUnitMass,
            double overUnitMass,
            double contractingMass,
            double spectralRadius,
            double nonlinearityRatio,
            List<List<Float>> modes) {}

    void take(long step, KoopmanProfile profile) {
        if (blocks.containsKey(profile.getBlock()) || blocks.size() < MOST_BLOCKS) {
            blocks.put(profile.getBlock(), spectrum(step, profile));
        }
    }

    /** By depth. */
    List<Spectrum> spectra() {
        return blocks.values().stream()
                .sorted(Comparator.comparingInt(Spectrum::depth).thenComparing(Spectrum::block))
                .toList();
    }

    void clear() {
        blocks.clear();
    }

    long bytes() {
        return blocks.values().stream()
                .mapToLong(spectrum -> 300 + 80L * spectrum.modes().size())
                .sum();
    }

    private static Spectrum spectrum(long step, KoopmanProfile profile) {
        return new Spectrum(
                profile.getBlock(),
                profile.getDepth(),
                step,
                profile.getAbstained(),
                profile.getNearUnitMass(),
                profile.getOverUnitMass(),
                profile.getContractingMass(),
                profile.getSpectralRadius(),
                profile.getNonlinearityRatio(),
                modes(profile.getEigenvalues()));
    }

    private static List<List<Float>> modes(List<Float> parts) {
        List<List<Float>> modes = new ArrayList<>();
        for (int i = 0; i + 1 < parts.size(); i += 2) {
            modes.add(List.of(parts.get(i), parts.get(i + 1)));
        }
        return List.copyOf(modes);
    }
}
