package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.Policy.Blindness;
import io.instabilityguard.guard.policy.SignalPolicy;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.regex.Pattern;

/**
 * Whether some matrices (attention) outgrow others (perceptron): {@code exp(mean of ln(||W|| / ||W0||) over the ones - the same mean over the others)} with
 * Frobenius norms and W0 the first sample. 1 before that. The flag rises above {@code raise} and falls at or below {@code clear}. A sample with a norm that is
 * zero or not finite is left out, and so are matrices that the first sample did not hold and products of low-rank adapters, which grow from zero in every run.
 */
final class OutgrowthSignal implements Signal {

    private static final String METRIC = "frobeniusNormOutgrowth";

    /** As the hook names the product of a pair of factors beside a weight. */
    private static final Pattern ADAPTER = Pattern.compile("\\.lora(\\[[^]]*])?$");

    private final SignalPolicy.Outgrowth policy;
    private final Roster roster;
    private final List<Double> firstLogNorms = new ArrayList<>();
    private double outgrowth = 1;
    private boolean outgrown;
    private long firstStep = -1;
    private long step = -1;
    private final BlindSpot blindSpot = new BlindSpot();

    /** A signal without memory, which knows matrices by their number in {@code roster}. */
    OutgrowthSignal(SignalPolicy.Outgrowth policy, Roster roster) {
        this.policy = policy;
        this.roster = roster;
    }

    @Override
    public void sample(Observation observation) {
        step = observation.step();
        List<LayerSpectrum> layers = observation.telemetry().getLayers().stream()
                .filter(this::isMine)
                .toList();
        boolean usable = layers.stream().allMatch(OutgrowthSignal::isUsable);
        double growth = usable ? growth(layers, observation.telemetry().getSpectraStep()) : Double.NaN;
        if (!Double.isNaN(growth)) {
            outgrowth = Math.exp(growth);
            outgrown = outgrowth > (outgrown ? policy.clear() : policy.raise());
        }
        blindSpot.note(growth, !layers.isEmpty());
    }

    private double growth(List<LayerSpectrum> layers, long spectraStep) {
        if (firstStep < 0 && !layers.isEmpty()) {
            firstStep = spectraStep;
            layers.forEach(this::learnFirst);
        }
        return growth(layers, policy.of()) - growth(layers, policy.over());
    }

    @Override
    public double value() {
        return outgrowth;
    }

    @Override
    public Optional<String> blindness(Blindness limits) {
        return blindSpot.reason(limits);
    }

    @Override
    public boolean isLatched() {
        return outgrown;
    }

    @Override
    public double clearLevel() {
        return policy.clear();
    }

    @Override
    public boolean isForecastable() {
        return true;
    }

    @Override
    public boolean concerns(String layer, Roster known) {
        boolean isAdapter = ADAPTER.matcher(layer).find();
        return !isAdapter
                && known.member(layer)
                        .filter(member -> policy.of().contains(member.role())
                                || policy.over().contains(member.role()))
                        .isPresent();
    }

    @Override
    public Finding explain(String detector, double limit) {
        String message = "the norms of %s matrices have grown %.2f times as much as those of %s"
                .formatted(policy.of(), outgrowth, policy.over());
        return new Finding(
                detector,
                METRIC,
                roster.withRoles(policy.of()),
                outgrowth,
                1,
                policy.raise(),
                firstStep,
                step,
                Double.NaN,
                message);
    }

    private boolean isMine(LayerSpectrum layer) {
        boolean isAsked = policy.of().contains(layer.getRole()) || policy.over().contains(layer.getRole());
        return isAsked && !ADAPTER.matcher(layer.getName()).find();
    }

    private static boolean isUsable(LayerSpectrum layer) {
        return Float.isFinite(layer.getFrobeniusNorm()) && layer.getFrobeniusNorm() > 0;
    }

    private void learnFirst(LayerSpectrum layer) {
        int number = roster.enter(layer);
        while (number >= firstLogNorms.size()) {
            firstLogNorms.add(Double.NaN);
        }
        if (number >= 0) {
            firstLogNorms.set(number, Math.log(layer.getFrobeniusNorm()));
        }
    }

    /** Mean logarithm of growth over the known matrices of some roles; NaN when there are none. */
    private double growth(List<LayerSpectrum> layers, Set<MatrixRole> roles) {
        double sum = 0;
        int known = 0;
        for (LayerSpectrum layer : layers) {
            int number = roster.enter(layer);
            double first = number >= 0 && number < firstLogNorms.size() ? firstLogNorms.get(number) : Double.NaN;
            if (roles.contains(layer.getRole()) && !Double.isNaN(first)) {
                sum += Math.log(layer.getFrobeniusNorm()) - first;
                known++;
            }
        }
        return sum / known;
    }

    @Override
    public void save(DoubleConsumer out) {
        out.accept(outgrowth);
        out.accept(outgrown ? 1 : 0);
        out.accept(firstStep);
        out.accept(firstLogNorms.size());
        firstLogNorms.forEach(out::accept);
        blindSpot.save(out);
    }

    @Override
    public void load(DoubleSupplier in) {
        outgrowth = in.getAsDouble();
        outgrown = in.getAsDouble() != 0;
        firstStep = (long) in.getAsDouble();
        int size = (int) in.getAsDouble();
        firstLogNorms.clear();
        for (int i = 0; i < size; i++) {
            firstLogNorms.add(in.getAsDouble());
        }
        blindSpot.load(in);
    }
}
