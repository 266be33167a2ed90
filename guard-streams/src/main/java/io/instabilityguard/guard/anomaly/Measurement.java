package io.instabilityguard.guard.anomaly;

import static io.instabilityguard.guard.mixing.MixingGains.saturated;

import io.instabilityguard.guard.mixing.MixingGains;
import io.instabilityguard.guard.policy.Quantity;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * What a step says about a quantity.
 *
 * @param value the number; NaN when there is none
 * @param step step that it describes
 * @param abstained whether it was to be measured but could not be
 */
record Measurement(double value, long step, boolean abstained) {

    private static final Measurement NONE = new Measurement(Double.NaN, -1, false);

    /** Reads a quantity. */
    static Measurement of(Quantity quantity, Observation observation) {
        Measurement raw = switch (quantity.metric().source()) {
            case STEP -> new Measurement(quantity.metric().of(observation.telemetry()), observation.step(), false);
            case SPECTRA -> ofSpectra(quantity, observation);
            case MIXING -> ofMixing(quantity, observation);
            case KOOPMAN -> ofKoopman(quantity, observation);
            case STATISTICS -> ofStatistics(quantity, observation);
        };
        return quantity.logarithm() ? new Measurement(Math.log(raw.value), raw.step, raw.abstained) : raw;
    }

    boolean isKnown() {
        return !Double.isNaN(value);
    }

    private static Measurement ofSpectra(Quantity quantity, Observation observation) {
        if (observation.telemetry().getLayers().isEmpty()) {
            return NONE;
        }
        Values values = new Values(quantity);
        for (LayerSpectrum layer : observation.telemetry().getLayers()) {
            if (quantity.covers(layer.getRole(), layer.getDepth())) {
                values.add(
                        switch (quantity.metric()) {
                            case STABLE_RANK -> layer.getStableRank();
                            case SPECTRAL_NORM -> layer.getSpectralNorm();
                            default -> layer.getFrobeniusNorm();
                        });
            }
        }
        return values.at(observation.telemetry().getSpectraStep());
    }

    private static Measurement ofMixing(Quantity quantity, Observation observation) {
        MixingGains gains = observation.gains();
        if (gains == null) {
            return new Measurement(Double.NaN, -1, observation.mixingAbstains());
        }
        double value = switch (quantity.metric()) {
            case FORWARD_GAIN -> saturated(gains.logForward());
            case BACKWARD_GAIN -> saturated(gains.logBackward());
            case ABSOLUTE_FORWARD_GAIN -> saturated(gains.logAbsoluteForward());
            case ABSOLUTE_BACKWARD_GAIN -> saturated(gains.logAbsoluteBackward());
            case LOG_WORST_COLUMN -> gains.logWorstColumn();
            case ATTENUATION -> saturated(gains.logAttenuation());
            case LAYER_FORWARD_GAIN -> gains.layerForward();
            case LAYER_BACKWARD_GAIN -> gains.layerBackward();
            case SINKHORN_RESIDUAL -> gains.sinkhornResidual();
            case UNPROJECTED_GAIN -> saturated(gains.logUnprojected());
            case FREE_MIXERS -> gains.freeLayers();
            default -> gains.logGain();
        };
        return new Measurement(value, gains.step(), false);
    }

    private static Measurement ofKoopman(Quantity quantity, Observation observation) {
        if (observation.telemetry().getKoopman().isEmpty()) {
            return NONE;
        }
        Values values = new Values(quantity);
        for (KoopmanProfile profile : observation.telemetry().getKoopman()) {
            if (profile.getAbstained().isEmpty() && quantity.depths().contains(profile.getDepth())) {
                values.add(
                        switch (quantity.metric()) {
                            case NEAR_UNIT_MASS -> profile.getNearUnitMass();
                            case OVER_UNIT_MASS -> profile.getOverUnitMass();
                            case CONTRACTING_MASS -> profile.getContractingMass();
                            case SPECTRAL_RADIUS -> profile.getSpectralRadius();
                            default -> profile.getNonlinearityRatio();
                        });
            }
        }
        return values.at(observation.telemetry().getProfilesStep());
    }

    private static Measurement ofStatistics(Quantity quantity, Observation observation) {
        Values values = new Values(quantity);
        Set<String> matrices = matrices(quantity, observation.telemetry());
        boolean any = false;
        for (LayerStatistic statistic : observation.telemetry().getStatistics()) {
            if (statistic.getMetric().equals(quantity.label())
                    && quantity.depths().contains(statistic.getDepth())
                    && (quantity.roles().isEmpty() || matrices.contains(statistic.getLayer()))) {
                any = true;
                statistic.getValues().forEach(values::add);
            }
        }
        return any ? values.at(observation.telemetry().getProfilesStep()) : NONE;
    }

    /** Names of the sampled matrices that have one of the quantity's roles; statistics say no roles themselves. */
    private static Set<String> matrices(Quantity quantity, StepTelemetry telemetry) {
        if (quantity.roles().isEmpty()) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        for (LayerSpectrum layer : telemetry.getLayers()) {
            if (quantity.covers(layer.getRole(), layer.getDepth())) {
                names.add(layer.getName());
            }
        }
        return names;
    }

    /** Values of layers on their way to become one. */
    private static final class Values {

        private static final int USUAL = 64;

        private final Quantity quantity;
        private double[] values = new double[USUAL];
        private int size;

        Values(Quantity quantity) {
            this.quantity = quantity;
        }

        void add(double value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = value;
        }

        Measurement at(long step) {
            double value = quantity.of().of(values, size);
            return new Measurement(value, step, Double.isNaN(value));
        }
    }
}
