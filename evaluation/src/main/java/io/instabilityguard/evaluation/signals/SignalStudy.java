package io.instabilityguard.evaluation.signals;

import io.instabilityguard.evaluation.campaign.Departures;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Role;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.Traces;
import io.instabilityguard.guard.anomaly.SignalReadout;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Scores the guard's own signals, and some more of the same kinds, on traces of runs that nobody touched.
 *
 * @param plan what the names mean
 * @param runs finished ones
 * @param traces of their telemetry
 */
public record SignalStudy(Plan plan, List<RunRecord> runs, Traces traces) {
    private static final String INITIAL_MASS = "near-unit-mass at initialisation";

    /** Lost and healthy runs without which a score's interval would leave everything open. */
    private static final int LEAST_RUNS = 10;

    /** Scores within each scenario that has ten lost and ten healthy runs, and across all scenarios when there are several. */
    public List<SignalScore> scores() {
        Map<String, List<Studied>> byScenario = studied().stream()
                .collect(Collectors.groupingBy(one -> one.run().scenario(), LinkedHashMap::new, Collectors.toList()));
        List<SignalScore> scores = new ArrayList<>();
        byScenario.forEach((scenario, group) -> scores.addAll(score(scenario, group)));
        if (byScenario.size() > 1) {
            scores.addAll(score(
                    SignalScore.ACROSS,
                    byScenario.values().stream().flatMap(List::stream).toList()));
        }
        return scores;
    }

    /** A recorded run with the score that was known before it began. */
    private record Studied(ScoredRun run, double initialMass) {}

    private List<Studied> studied() {
        Policy policy = PolicyReader.parse(signalsYaml(), null);
        Departures departures = new Departures(plan, runs);
        List<Studied> studied = new ArrayList<>();
        for (RunRecord run : runs) {
            if (isObserved(run)) {
                traces.read(run.key().scenario(), run.key().method(), run.key().seed())
                        .ifPresent(telemetry -> studied.add(new Studied(
                                new ScoredRun(
                                        run.key().scenario(),
                                        run.key().seed(),
                                        departures.of(run).orElse(-1),
                                        values(policy, telemetry)),
                                initialMass(telemetry))));
            }
        }
        return studied;
    }

    private boolean isObserved(RunRecord run) {
        return plan.methods().stream()
                .anyMatch(method -> method.role() == Role.OBSERVE
                        && method.name().equals(run.key().method()));
    }

    private static String signalsYaml() {
        try (InputStream yaml = Objects.requireNonNull(SignalStudy.class.getResourceAsStream("signals.yaml"))) {
            return new String(yaml.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, double[]> values(Policy policy, List<StepTelemetry> telemetry) {
        SignalReadout readout = new SignalReadout(policy);
        int steps =
                telemetry.stream().mapToInt(step -> (int) step.getStep()).max().orElse(-1) + 1;
        Map<String, double[]> values = new LinkedHashMap<>();
        for (StepTelemetry step : telemetry) {
            readout.take(step)
                    .forEach((signal, value) ->
                            values.computeIfAbsent(signal, name -> unknown(steps))[(int) step.getStep()] = value);
        }
        return values;
    }

    private static double[] unknown(int steps) {
        double[] values = new double[steps];
        Arrays.fill(values, Double.NaN);
        return values;
    }

    private static double initialMass(List<StepTelemetry> telemetry) {
        return telemetry.stream()
                .filter(step -> !step.getKoopman().isEmpty())
                .findFirst()
                .map(step -> step.getKoopman().stream()
                        .filter(profile -> profile.getAbstained().isEmpty())
                        .mapToDouble(KoopmanProfile::getNearUnitMass)
                        .average()
                        .orElse(Double.NaN))
                .orElse(Double.NaN);
    }

    private static List<SignalScore> score(String scope, List<Studied> group) {
        List<ScoredRun> scored = group.stream().map(Studied::run).toList();
        List<SignalScore> scores = new ArrayList<>(new SignalScores(scope, scored).all());
        scores.add(SignalScores.initial(scope, INITIAL_MASS, masses(group, true), masses(group, false)));
        return scores.stream().filter(SignalStudy::isTelling).toList();
    }

    private static boolean isTelling(SignalScore score) {
        return score.auroc() != null && Math.min(score.lost(), score.healthy()) >= LEAST_RUNS;
    }

    private static List<Double> masses(List<Studied> group, boolean isLost) {
        return group.stream()
                .filter(one -> one.run().isLost() == isLost)
                .map(Studied::initialMass)
                .filter(mass -> !mass.isNaN())
                .toList();
    }
}
