package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.history.CompositeGain;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.evaluation.report.Marker;
import io.instabilityguard.evaluation.report.Panel;
import io.instabilityguard.evaluation.report.RunReport;
import io.instabilityguard.evaluation.report.RunReport.Fact;
import io.instabilityguard.evaluation.report.RunReport.Table;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** Turns the runs of a scenario into the page that shows them. */
final class DemoReport {
    /** Losses above this multiple of the first one are drawn at the upper border. */
    private static final double LOSS_CAP = 1.4;

    private static final int SMOOTHING_STEPS = 10;

    private final DemoResult result;
    private final RunHistory history;

    private DemoReport(DemoResult result) {
        this.result = result;
        this.history = result.history();
    }

    static RunReport of(DemoResult result) {
        return new DemoReport(result).report();
    }

    private RunReport report() {
        return new RunReport(
                "Instability Guard: " + result.scenario().label(),
                DemoTable.verdict(result),
                facts(),
                panels(),
                lastStep(),
                Stream.concat(anomalyMarkers(), commandMarkers()).toList(),
                List.of(commandTable(), anomalyTable()),
                footnote());
    }

    private long lastStep() {
        return Stream.concat(Stream.of(result.unguarded(), result.guarded()), result.rivals().stream())
                .mapToLong(run -> run.result().steps())
                .max()
                .orElse(1);
    }

    private List<Fact> facts() {
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(
                "final loss, unguarded", DemoTable.ending(result.unguarded().result())));
        for (TrainedRun rival : result.rivals()) {
            facts.add(new Fact("final loss, " + rival.result().method(), DemoTable.ending(rival.result())));
        }
        facts.add(new Fact(
                "final loss, guarded", DemoTable.ending(result.guarded().result())));
        facts.add(new Fact("commands", String.valueOf(history.commands().size())));
        facts.add(new Fact(
                "loop latency p50 / p99",
                "%.0f / %.0f ms"
                        .formatted(
                                result.loopMillis().at(50), result.loopMillis().at(99))));
        facts.add(new Fact("hook cost per step", "%.2f %%".formatted(result.hookOverheadPercent())));
        return facts;
    }

    private List<Panel> panels() {
        List<Curve> losses = curves(StepLine::loss).stream()
                .map(curve -> curve.smoothed(SMOOTHING_STEPS))
                .toList();
        double first = losses.get(0).points().stream()
                .mapToDouble(Curve.Point::value)
                .findFirst()
                .orElse(1);
        List<Panel> panels = new ArrayList<>(List.of(
                new Panel(
                        "Training loss",
                        "Nats per character, mean of the last " + SMOOTHING_STEPS
                                + " steps; what lies above ends at the border.",
                        new Panel.Linear(first * LOSS_CAP),
                        losses),
                new Panel(
                        "Gradient norm",
                        "Global norm before any clipping, logarithmic.",
                        new Panel.Logarithmic(),
                        curves(StepLine::gradientNorm)),
                new Panel(
                        "Largest attention logit",
                        "Largest absolute value before the softmax, logarithmic.",
                        new Panel.Logarithmic(),
                        curves(StepLine::maxAttentionLogit)),
                new Panel(
                        "Stable rank of every tracked matrix, guarded run",
                        "Squared Frobenius over squared spectral norm; near 1 one direction rules the matrix.",
                        new Panel.Heat(),
                        stableRanks())));
        panels.addAll(methodPanels());
        return panels;
    }

    /** What the method of the scenario watches, where the guarded run reported it. */
    private List<Panel> methodPanels() {
        List<Panel> panels = new ArrayList<>();
        List<Curve.Point> forward = new ArrayList<>();
        List<Curve.Point> backward = new ArrayList<>();
        List<Curve.Point> mass = new ArrayList<>();
        for (StepTelemetry telemetry : history.telemetry()) {
            CompositeGain gain = CompositeGain.of(telemetry.getMixing());
            if (gain != null) {
                forward.add(new Curve.Point(telemetry.getSpectraStep(), gain.forward()));
                backward.add(new Curve.Point(telemetry.getSpectraStep(), gain.backward()));
            }
            telemetry.getKoopman().stream()
                    .filter(profile -> profile.getAbstained().isEmpty())
                    .mapToDouble(KoopmanProfile::getNearUnitMass)
                    .average()
                    .ifPresent(mean -> mass.add(new Curve.Point(telemetry.getProfilesStep(), mean)));
        }
        if (!forward.isEmpty()) {
            panels.add(new Panel(
                    "Composite gain of the hyper-connections, guarded run",
                    "Largest absolute row (forward) and column (backward) sum of the product of all mixing matrices, logarithmic.",
                    new Panel.Logarithmic(),
                    List.of(new Curve("forward", "guarded", forward), new Curve("backward", "rival", backward))));
        }
        if (!mass.isEmpty()) {
            panels.add(new Panel(
                    "Near-unit mass, guarded run",
                    "Mean over the blocks whose Koopman profile may be used.",
                    new Panel.Linear(1),
                    List.of(new Curve("near-unit mass", "guarded", mass))));
        }
        return panels;
    }

    private List<Curve> curves(ToDoubleFunction<StepLine> value) {
        List<Curve> curves = new ArrayList<>();
        curves.add(new Curve("unguarded", "unguarded", result.unguarded().points(value)));
        for (TrainedRun rival : result.rivals()) {
            curves.add(new Curve(rival.result().method(), "rival", rival.points(value)));
        }
        curves.add(new Curve("guarded", "guarded", result.guarded().points(value)));
        return curves;
    }

    private List<Curve> stableRanks() {
        Map<String, List<Curve.Point>> rows = new LinkedHashMap<>();
        for (StepTelemetry telemetry : history.telemetry()) {
            for (LayerSpectrum layer : telemetry.getLayers()) {
                rows.computeIfAbsent(layer.getName(), name -> new ArrayList<>())
                        .add(new Curve.Point(telemetry.getSpectraStep(), layer.getStableRank()));
            }
        }
        return rows.entrySet().stream()
                .map(row -> new Curve(row.getKey().replace(".weight", ""), "", row.getValue()))
                .toList();
    }

    private Stream<Marker> anomalyMarkers() {
        return history.raised().stream()
                .map(anomaly -> new Marker(anomaly.getStep(), Marker.Kind.ANOMALY, anomaly.getMessage()));
    }

    private Stream<Marker> commandMarkers() {
        return history.commands().stream()
                .flatMap(command -> history
                        .appliedAtStep(command)
                        .map(step -> new Marker(step, Marker.Kind.COMMAND, EventLines.words(command)))
                        .stream());
    }

    private Table commandTable() {
        List<List<String>> rows = history.commands().stream()
                .map(command -> List.of(
                        EventLines.words(command),
                        String.valueOf(command.getDecidedAtStep()),
                        history.appliedAtStep(command).map(String::valueOf).orElse("not applied"),
                        history.verdict(command).name().toLowerCase(Locale.ROOT),
                        command.getExpectedEffect()))
                .toList();
        return new Table("Commands", List.of("what", "decided", "applied", "verdict", "expected"), rows);
    }

    private Table anomalyTable() {
        List<List<String>> rows = history.anomalies().stream()
                .map(anomaly -> List.of(
                        String.valueOf(anomaly.getStep()),
                        anomaly.getTransition().name().toLowerCase(Locale.ROOT),
                        anomaly.getEvidence().getDetector(),
                        anomaly.getMessage()))
                .toList();
        return new Table("Anomalies", List.of("step", "transition", "detector", "message"), rows);
    }

    private String footnote() {
        TrainerResult trained = result.guarded().result();
        return "Configuration %s, seed %d. The guarded trainer waits, bounded, until the guard has consumed step t - %d. "
                        .formatted(trained.scenario(), result.seed(), result.lockstepDelay())
                + "Loop latency: from the telemetry record of a step to the guard's answer read read-committed, %d steps. "
                        .formatted(result.loopMillis().count())
                + "Hook cost: median of the hook's own time, waits excluded, over the median unguarded step.";
    }
}
