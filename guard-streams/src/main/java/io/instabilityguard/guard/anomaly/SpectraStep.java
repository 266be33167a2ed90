package io.instabilityguard.guard.anomaly;

import io.instabilityguard.schemas.LayerSpectrum;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** The spectra of one step as they come in from the ranks. When ranks report the same matrix, the lowest rank's word counts. */
final class SpectraStep {

    private final long step;
    private final TreeSet<Integer> ranks = new TreeSet<>();
    private final TreeMap<Integer, Measured> layers = new TreeMap<>();

    private record Measured(int processRank, LayerSpectrum spectrum) {}

    SpectraStep(long step) {
        this.step = step;
    }

    long step() {
        return step;
    }

    /** Takes in a matrix by its number in the roster. */
    void add(int processRank, int number, LayerSpectrum spectrum) {
        ranks.add(processRank);
        layers.merge(
                number,
                new Measured(processRank, spectrum),
                (known, other) -> other.processRank() <= known.processRank() ? other : known);
    }

    /** Whether so many ranks have reported. */
    boolean isFrom(int worldSize) {
        return ranks.size() >= worldSize;
    }

    /** Numbers of the matrices that nobody reported, of the first so many in the roster. */
    List<Integer> missing(int known) {
        List<Integer> missing = new ArrayList<>();
        for (int number = 0; number < known; number++) {
            if (!layers.containsKey(number)) {
                missing.add(number);
            }
        }
        return missing;
    }

    /** What was reported, in the order of the roster. */
    List<LayerSpectrum> spectra() {
        return layers.values().stream().map(Measured::spectrum).toList();
    }

    void save(DoubleConsumer out) {
        out.accept(step);
        out.accept(ranks.size());
        ranks.forEach(out::accept);
        out.accept(layers.size());
        layers.forEach((number, measured) -> {
            out.accept(number);
            out.accept(measured.processRank());
            save(measured.spectrum(), out);
        });
    }

    /** The step that was saved; names, roles and depths are the roster's. */
    static SpectraStep load(Roster roster, DoubleSupplier in) {
        SpectraStep loaded = new SpectraStep((long) in.getAsDouble());
        int reported = (int) in.getAsDouble();
        for (int i = 0; i < reported; i++) {
            loaded.ranks.add((int) in.getAsDouble());
        }
        int known = (int) in.getAsDouble();
        for (int i = 0; i < known; i++) {
            int number = (int) in.getAsDouble();
            int processRank = (int) in.getAsDouble();
            loaded.layers.put(
                    number, new Measured(processRank, load(roster.members().get(number), in)));
        }
        return loaded;
    }

    private static void save(LayerSpectrum spectrum, DoubleConsumer out) {
        out.accept(spectrum.getRows());
        out.accept(spectrum.getColumns());
        out.accept(spectrum.getFinite() ? 1 : 0);
        out.accept(spectrum.getFrobeniusNorm());
        out.accept(spectrum.getSpectralNorm());
        out.accept(spectrum.getSpectralNormResidual());
        out.accept(spectrum.getStableRank());
        out.accept(spectrum.getAlignment());
    }

    private static LayerSpectrum load(Roster.Member member, DoubleSupplier in) {
        return LayerSpectrum.newBuilder()
                .setName(member.name())
                .setRole(member.role())
                .setDepth(member.depth())
                .setRows((int) in.getAsDouble())
                .setColumns((int) in.getAsDouble())
                .setFinite(in.getAsDouble() != 0)
                .setFrobeniusNorm((float) in.getAsDouble())
                .setSpectralNorm((float) in.getAsDouble())
                .setSpectralNormResidual((float) in.getAsDouble())
                .setStableRank((float) in.getAsDouble())
                .setAlignment((float) in.getAsDouble())
                .build();
    }
}
