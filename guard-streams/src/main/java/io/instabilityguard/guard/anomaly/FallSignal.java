package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Persistent;
import io.instabilityguard.guard.baseline.RunningMedian;
import io.instabilityguard.guard.baseline.Trend;
import io.instabilityguard.guard.policy.Metric;
import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.SignalPolicy;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * The relative fall of the stable rank (MSign, arXiv 2602.01734, Def. 3.1) of single matrices: the share by which each lies below the median of its own
 * first samples. The level alone says nothing: healthy runs reach 1.02. The signal is that of the matrix that has fallen most; its explanation adds the slope of
 * that matrix's last samples and the steps until it reaches the lowest stable rank there is, 1.
 */
final class FallSignal implements Signal {

    private static final double FLOOR = 1;

    private final SignalPolicy.Fall policy;
    private final Roster roster;
    private final List<Layer> layers = new ArrayList<>();
    private final BlindSpot blindSpot = new BlindSpot();
    private long step = -1;

    /** A signal without memory, which knows matrices by their number in {@code roster}. */
    FallSignal(SignalPolicy.Fall policy, Roster roster) {
        this.policy = policy;
        this.roster = roster;
    }

    @Override
    public void sample(Observation observation) {
        step = observation.step();
        double sum = Double.NaN;
        for (LayerSpectrum spectrum : observation.telemetry().getLayers()) {
            int number = roster.enter(spectrum);
            if (number >= 0 && isWeight(spectrum) && Float.isFinite(spectrum.getStableRank())) {
                layer(number).add(observation.telemetry().getSpectraStep(), spectrum.getStableRank());
                sum = (Double.isNaN(sum) ? 0 : sum) + spectrum.getStableRank();
            }
        }
        blindSpot.note(sum, !observation.telemetry().getLayers().isEmpty());
    }

    private static boolean isWeight(LayerSpectrum spectrum) {
        return spectrum.getRole() != MatrixRole.RESIDUAL_MIXING;
    }

    @Override
    public double value() {
        double most = Double.NEGATIVE_INFINITY;
        for (Layer layer : layers) {
            double fall = layer.fall();
            most = fall > most ? fall : most;
        }
        return most;
    }

    @Override
    public Optional<String> blindness(Blindness limits) {
        return blindSpot.reason(limits);
    }

    @Override
    public Finding explain(String detector, double limit) {
        List<Layer> fallen =
                layers.stream().filter(layer -> layer.fall() > limit).toList();
        Layer worst =
                fallen.stream().max(Comparator.comparingDouble(Layer::fall)).orElseThrow();
        String message = "stable rank of %s is %.3g, %.0f %% below its own normal; %d matrices have fallen"
                .formatted(worst.name(), worst.last, 100 * worst.fall(), fallen.size());
        return new Finding(
                detector,
                Metric.STABLE_RANK.label(),
                fallen.stream().map(Layer::name).toList(),
                worst.last,
                worst.baseline,
                (1 - limit) * worst.baseline,
                (long) worst.trend.firstStep(),
                step,
                worst.trend.stepsTo(FLOOR),
                message);
    }

    @Override
    public Finding compare(double limit, String layer) {
        return shown(layer)
                .map(one -> one.against(limit))
                .orElseGet(() -> new Finding(
                        "",
                        Metric.STABLE_RANK.label(),
                        List.of(),
                        Double.NaN,
                        Double.NaN,
                        Double.NaN,
                        step,
                        step,
                        Double.NaN,
                        ""));
    }

    @Override
    public Fill fill(String layer) {
        return new Fill(shown(layer).map(one -> one.learned.size()).orElse(0), policy.learnSamples());
    }

    @Override
    public boolean concerns(String layer, Roster known) {
        return layers.stream().anyMatch(one -> one.isNamed(layer));
    }

    /** The layer of this name, or the one that has fallen most. */
    private Optional<Layer> shown(String name) {
        return layers.stream()
                .filter(one -> one.isNamed(name))
                .findFirst()
                .or(() -> layers.stream().filter(one -> one.fall() <= 1).max(Comparator.comparingDouble(Layer::fall)));
    }

    private Layer layer(int number) {
        while (layers.size() <= number) {
            layers.add(new Layer(layers.size()));
        }
        return layers.get(number);
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(layers.size());
        layers.forEach(layer -> layer.save(out));
        blindSpot.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        int size = (int) in.getAsDouble();
        for (int number = 0; number < size; number++) {
            layer(number).load(in);
        }
        blindSpot.load(in);
    }

    /** What is known of one matrix. */
    private final class Layer implements Persistent {

        private final int number;
        private final RunningMedian learned = new RunningMedian(policy.learnSamples());
        private final Trend trend = new Trend(policy.trendSamples());
        private double last = Double.NaN;
        private double baseline = Double.NaN;

        Layer(int number) {
            this.number = number;
        }

        String name() {
            return roster.members().get(number).name();
        }

        boolean isNamed(String name) {
            return !Double.isNaN(last) && name().equals(name);
        }

        /** Its numbers against a limit on the share that it falls. */
        Finding against(double limit) {
            double threshold = (1 - limit) * baseline;
            double forecast = trend.hasClearSlope() ? trend.stepsTo(threshold) : Double.NaN;
            String metric = Metric.STABLE_RANK.label();
            long first = (long) trend.firstStep();
            return new Finding("", metric, List.of(name()), last, baseline, threshold, first, step, forecast, "");
        }

        void add(long step, double stableRank) {
            last = stableRank;
            trend.add(step, stableRank);
            if (Double.isNaN(baseline)) {
                learn(stableRank);
            }
        }

        private void learn(double stableRank) {
            learned.add(stableRank);
            if (learned.size() == policy.learnSamples()) {
                baseline = learned.median();
            }
        }

        /** Share below the learned baseline; NaN while that is being learned. */
        double fall() {
            return 1 - last / baseline;
        }

        @Override
        public void save(DoubleConsumer out) {
            out.accept(last);
            out.accept(baseline);
            learned.save(out);
            trend.save(out);
        }

        @Override
        public void load(DoubleSupplier in) {
            last = in.getAsDouble();
            baseline = in.getAsDouble();
            learned.load(in);
            trend.load(in);
        }
    }
}
