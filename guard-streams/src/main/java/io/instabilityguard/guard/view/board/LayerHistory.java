package io.instabilityguard.guard.view.board;

import io.instabilityguard.guard.policy.Metric;
import io.instabilityguard.guard.policy.Reduction;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Every statistic of every layer, block and head of one run against the step: what a heat map shows. Heads become one number, as in the policy. */
final class LayerHistory {

    private static final int MOST_STATISTICS = 32;
    private static final int MOST_LAYERS = 512;
    private static final int POINTS = 160;
    private static final String WHOLE_MODEL = "model";
    private static final Map<String, Reduction> REDUCTIONS = Stream.of(Metric.values())
            .filter(metric -> metric.source() == Metric.Source.STATISTICS)
            .collect(Collectors.toMap(Metric::label, Metric::reduction));

    private final Map<String, Trajectory> statistics = new TreeMap<>();

    /** Takes what a record says of layers. */
    void take(StepTelemetry telemetry) {
        for (LayerSpectrum layer : telemetry.getLayers()) {
            takeSpectrum(telemetry.getSpectraStep(), layer);
        }
        for (KoopmanProfile profile : telemetry.getKoopman()) {
            takeProfile(telemetry.getProfilesStep(), profile);
        }
        for (LayerStatistic statistic : telemetry.getStatistics()) {
            String layer = statistic.getLayer().isEmpty() ? WHOLE_MODEL : statistic.getLayer();
            put(telemetry.getProfilesStep(), statistic.getMetric(), layer, reduced(statistic));
        }
    }

    private void takeSpectrum(long step, LayerSpectrum layer) {
        put(step, "stableRank", layer.getName(), layer.getStableRank());
        put(step, "spectralNorm", layer.getName(), layer.getSpectralNorm());
        put(step, "frobeniusNorm", layer.getName(), layer.getFrobeniusNorm());
        put(step, "alignment", layer.getName(), layer.getAlignment());
    }

    private void takeProfile(long step, KoopmanProfile profile) {
        if (profile.getAbstained().isEmpty()) {
            put(step, "nearUnitMass", profile.getBlock(), profile.getNearUnitMass());
            put(step, "overUnitMass", profile.getBlock(), profile.getOverUnitMass());
            put(step, "contractingMass", profile.getBlock(), profile.getContractingMass());
            put(step, "spectralRadius", profile.getBlock(), profile.getSpectralRadius());
            put(step, "nonlinearityRatio", profile.getBlock(), profile.getNonlinearityRatio());
        }
    }

    private static double reduced(LayerStatistic statistic) {
        double[] values =
                statistic.getValues().stream().mapToDouble(Float::doubleValue).toArray();
        return REDUCTIONS.getOrDefault(statistic.getMetric(), Reduction.MAX).of(values, values.length);
    }

    private void put(long step, String statistic, String layer, double value) {
        boolean known = statistics.containsKey(statistic) || statistics.size() < MOST_STATISTICS;
        if (known && !Double.isNaN(value)) {
            statistics
                    .computeIfAbsent(statistic, unknown -> new Trajectory(POINTS, MOST_LAYERS))
                    .put(step, layer, value);
        }
    }

    /** Names of all statistics that have a value. */
    List<String> names() {
        return List.copyOf(statistics.keySet());
    }

    /** One statistic of all layers; null when it is not known. */
    @Nullable
    Points statistic(String name) {
        Trajectory trajectory = statistics.get(name);
        return trajectory == null ? null : trajectory.points(Long.MIN_VALUE, trajectory.names());
    }

    /** All statistics of one layer; none when it is not known. */
    Map<String, Points> layer(String name) {
        Map<String, Points> all = new LinkedHashMap<>();
        for (Entry<String, Trajectory> statistic : statistics.entrySet()) {
            if (statistic.getValue().names().contains(name)) {
                all.put(statistic.getKey(), statistic.getValue().points(Long.MIN_VALUE, List.of(name)));
            }
        }
        return all;
    }

    /** Forgets this step and all after it. */
    void cutFrom(long step) {
        statistics.values().forEach(trajectory -> trajectory.cutFrom(step));
    }

    long bytes() {
        return statistics.values().stream().mapToLong(Trajectory::bytes).sum();
    }
}
