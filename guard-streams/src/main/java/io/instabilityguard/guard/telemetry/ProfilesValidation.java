package io.instabilityguard.guard.telemetry;

import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerStatistic;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The part of {@link TelemetryValidation} that is about what a sampled forward pass brings: Koopman profiles, residual mixing and statistics of layers. */
final class ProfilesValidation {

    private static final int LONGEST_NAME = 1_000;
    private static final int MOST_STREAMS = 16;
    private static final int MOST_MIXERS = 4_096;
    private static final int MOST_ENTRIES = 65_536;
    private static final int MOST_VALUES = 4_096;
    private static final int MOST_EIGENVALUES = 128;
    private static final int MOST_OMISSIONS = 64;

    private ProfilesValidation() {}

    /** What is wrong; null when nothing is. */
    static @Nullable String problemOf(StepTelemetry telemetry) {
        long step = telemetry.getProfilesStep();
        boolean empty = telemetry.getKoopman().isEmpty()
                && telemetry.getMixing().isEmpty()
                && telemetry.getStatistics().isEmpty();
        if (step > telemetry.getStep() || step < -1) {
            return "profilesStep=" + step + " is not from -1 to step=" + telemetry.getStep();
        }
        if (step < 0 && !empty) {
            return "profiles, mixing or statistics without a profilesStep";
        }
        if (telemetry.getOmissions().size() > MOST_OMISSIONS) {
            return telemetry.getOmissions().size() + " omissions are more than " + MOST_OMISSIONS;
        }
        return empty
                ? null
                : first(problemOfKoopman(telemetry), problemOfMixing(telemetry), problemOfStatistics(telemetry));
    }

    private static @Nullable String problemOfKoopman(StepTelemetry telemetry) {
        Set<String> blocks = new HashSet<>();
        for (KoopmanProfile profile : telemetry.getKoopman()) {
            String problem = blocks.add(profile.getBlock()) ? problemOf(profile) : "twice in one record";
            if (problem != null) {
                return "profile of block " + profile.getBlock() + ": " + problem;
            }
        }
        return null;
    }

    private static @Nullable String problemOf(KoopmanProfile profile) {
        return first(
                problemOfPlace(profile.getBlock(), profile.getDepth()),
                negative("tokens", profile.getTokens()),
                negative("width", profile.getWidth()),
                negative("rank", profile.getRank()),
                notAShare("nearUnitMass", profile.getNearUnitMass()),
                notAShare("overUnitMass", profile.getOverUnitMass()),
                notAShare("contractingMass", profile.getContractingMass()),
                notAShare("keptShare", profile.getKeptShare()),
                negative("spectralRadius", profile.getSpectralRadius()),
                negative("eigenvectorCondition", profile.getEigenvectorCondition()),
                negative("nonlinearityRatio", profile.getNonlinearityRatio()),
                negative("medianResidual", profile.getMedianResidual()),
                tooMany("eigenvalues", profile.getEigenvalues(), MOST_EIGENVALUES));
    }

    private static @Nullable String problemOfMixing(StepTelemetry telemetry) {
        Set<Integer> orders = new HashSet<>();
        for (ResidualMixing mixing : telemetry.getMixing()) {
            ResidualMixing first = telemetry.getMixing().get(0);
            boolean agrees = mixing.getSize() == first.getSize() && mixing.getTotal() == first.getTotal();
            String problem = first(
                    orders.add(mixing.getOrder()) ? null : "order=" + mixing.getOrder() + " twice in one record",
                    agrees ? null : "size or total differs from that of " + first.getLayer(),
                    problemOf(mixing));
            if (problem != null) {
                return "mixing layer " + mixing.getLayer() + ": " + problem;
            }
        }
        return null;
    }

    private static @Nullable String problemOf(ResidualMixing mixing) {
        int size = mixing.getSize();
        if (size < 1 || size > MOST_STREAMS) {
            return "size=" + size + " is not from 1 to " + MOST_STREAMS;
        }
        int total = mixing.getTotal();
        if (total < 1 || total > MOST_MIXERS || mixing.getOrder() < 0 || mixing.getOrder() >= total) {
            return "order=" + mixing.getOrder() + " of total=" + total + " is not from 0 to below at most "
                    + MOST_MIXERS;
        }
        int entries = size * size;
        if (total > MOST_ENTRIES / entries) {
            return "total=" + total + " matrices of size=" + size + " are more than " + MOST_ENTRIES + " numbers";
        }
        return first(
                problemOfPlace(mixing.getLayer(), 0),
                problemOfLength("mixed", mixing.getMixed(), entries),
                problemOfLength("unprojected", mixing.getUnprojected(), entries));
    }

    private static @Nullable String problemOfLength(String field, List<Float> entries, int expected) {
        return entries.size() == expected ? null : field + " has " + entries.size() + " entries, not " + expected;
    }

    private static @Nullable String problemOfStatistics(StepTelemetry telemetry) {
        Set<List<String>> known = new HashSet<>();
        for (LayerStatistic statistic : telemetry.getStatistics()) {
            String problem = first(
                    statistic.getMetric().isEmpty() ? "metric is empty" : null,
                    known.add(List.of(statistic.getMetric(), statistic.getLayer())) ? null : "twice in one record",
                    statistic.getLayer().isEmpty() ? null : problemOfPlace(statistic.getLayer(), statistic.getDepth()),
                    statistic.getValues().isEmpty() ? "values are empty" : null,
                    tooMany("values", statistic.getValues(), MOST_VALUES));
            if (problem != null) {
                return "statistic " + statistic.getMetric() + " of " + statistic.getLayer() + ": " + problem;
            }
        }
        return null;
    }

    private static @Nullable String problemOfPlace(String name, int depth) {
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            return "name is empty or longer than " + LONGEST_NAME;
        }
        return depth < -1 ? "depth=" + depth + " is below -1" : null;
    }

    private static @Nullable String tooMany(String field, List<?> values, int most) {
        return values.size() > most ? values.size() + " " + field + " are more than " + most : null;
    }

    private static @Nullable String negative(String field, double value) {
        return value < 0 ? field + "=" + value + " is negative" : null;
    }

    /** NaN stands for what could not be computed. */
    private static @Nullable String notAShare(String field, double value) {
        return value < 0 || value > 1 ? field + "=" + value + " is not from 0 to 1" : null;
    }

    private static @Nullable String first(@Nullable String... problems) {
        for (String problem : problems) {
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }
}
