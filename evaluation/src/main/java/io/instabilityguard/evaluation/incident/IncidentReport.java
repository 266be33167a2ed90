package io.instabilityguard.evaluation.incident;

import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.evaluation.report.Marker;
import io.instabilityguard.evaluation.report.Panel;
import io.instabilityguard.evaluation.report.RunReport;
import io.instabilityguard.evaluation.report.RunReport.Fact;
import io.instabilityguard.evaluation.report.RunReport.Table;
import io.instabilityguard.guard.intervention.LedgerCheck;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says what happened to a run, what came first, what was done about it and whether it helped. */
final class IncidentReport {
    private static final double LOSS_CAP = 1.5;
    private static final int MOST_ROWS = 60;
    private static final int MOST_LAYERS_NAMED = 2;
    private static final Set<DecisionAction> ISSUES =
            Set.of(DecisionAction.COMMAND, DecisionAction.WOULD_COMMAND, DecisionAction.PROPOSE);

    private final Incident incident;
    private final List<Anomaly> causes;
    private final Map<String, Decision> issued;

    private IncidentReport(Incident incident) {
        this.incident = incident;
        this.causes = Causes.ranked(incident.anomalies());
        this.issued = incident.decisions().stream()
                .filter(decision -> ISSUES.contains(decision.getAction())
                        && !decision.getCommandId().isEmpty())
                .collect(Collectors.toMap(
                        Decision::getCommandId, decision -> decision, (a, b) -> b, LinkedHashMap::new));
    }

    /** The report on an incident. */
    static RunReport of(Incident incident) {
        return new IncidentReport(incident).report();
    }

    private RunReport report() {
        return new RunReport(
                "Incident report: " + incident.run(),
                headline(),
                facts(),
                panels(),
                incident.last().map(StepTelemetry::getStep).orElse(1L),
                markers(),
                List.of(causeTable(), doneTable(), Timeline.of(incident.events()), chainTable(), ledgerTable()),
                "Made from a recording of the guard's topics. Causes are ranked by the step at which they were raised, then by their distance from what is tolerated:"
                        + " what was seen first, not what is proved. Times are UTC; curves show the worst value of each stretch of steps.");
    }

    private String headline() {
        if (causes.isEmpty()) {
            return "Nothing was found in this run.";
        }
        Anomaly first = causes.get(0);
        return "First came " + first.getEvidence().getDetector() + " at step " + first.getRaisedAtStep() + ": "
                + first.getMessage() + ". " + ending();
    }

    private String ending() {
        long applied = applied().count();
        String done =
                applied == 0 ? "No command was applied" : applied + " of " + issued.size() + " commands were applied";
        return done
                + incident.last()
                        .map(last -> "; the run was last heard of at step " + last.getStep() + ", loss "
                                + number(last.getLoss()))
                        .orElse("")
                + ".";
    }

    private List<Fact> facts() {
        return List.of(
                new Fact(
                        "steps",
                        incident.firstStep() + " – "
                                + incident.last().map(StepTelemetry::getStep).orElse(-1L)),
                new Fact(
                        "state at the end",
                        incident.state()
                                .map(RunState::getHealth)
                                .map(Enum::name)
                                .orElse("unknown")),
                new Fact("anomalies raised", "" + causes.size()),
                new Fact("commands wanted", "" + issued.size()),
                new Fact("commands applied", "" + applied().count()),
                new Fact("judged effective", effective()),
                new Fact("ledger", isLedgerIntact() ? "intact" : "BROKEN"));
    }

    private String effective() {
        List<Verdict> verdicts = incident.decisions().stream()
                .map(Decision::getVerdict)
                .filter(verdict -> verdict != Verdict.UNKNOWN)
                .toList();
        long effective = verdicts.stream().filter(Verdict.EFFECTIVE::equals).count();
        return effective + " of " + verdicts.size();
    }

    private List<Panel> panels() {
        List<Panel> panels = new ArrayList<>();
        List<Curve.Point> loss = incident.scalar("loss");
        double first = loss.stream()
                .mapToDouble(Curve.Point::value)
                .filter(Double::isFinite)
                .findFirst()
                .orElse(1);
        add(panels, "Loss", "What lies above ends at the border.", new Panel.Linear(first * LOSS_CAP), "loss");
        add(panels, "Gradient norm", "Before any clipping, logarithmic.", new Panel.Logarithmic(), "gradientNorm");
        add(
                panels,
                "Largest attention logit",
                "Before the softmax, logarithmic.",
                new Panel.Logarithmic(),
                "maxAttentionLogit");
        add(
                panels,
                "Learning rate",
                "The guard's factor included.",
                new Panel.Linear(Double.MAX_VALUE),
                "learningRate");
        List<Curve> ranks = incident.stableRanks();
        if (!ranks.isEmpty()) {
            String note = "Squared Frobenius over squared spectral norm; near 1 one direction rules the matrix.";
            panels.add(new Panel("Stable rank of every matrix", note, new Panel.Heat(), ranks));
        }
        return panels;
    }

    private void add(List<Panel> panels, String title, String note, Panel.Drawing drawing, String scalar) {
        List<Curve.Point> points = incident.scalar(scalar);
        if (!points.isEmpty()) {
            panels.add(new Panel(title, note, drawing, List.of(new Curve(scalar, "guarded", points))));
        }
    }

    private List<Marker> markers() {
        Stream<Marker> raised = causes.stream()
                .map(anomaly -> new Marker(
                        anomaly.getRaisedAtStep(),
                        Marker.Kind.ANOMALY,
                        anomaly.getEvidence().getDetector()));
        Stream<Marker> done = applied().map(id -> new Marker(appliedAt(id), Marker.Kind.COMMAND, id));
        return Stream.concat(raised, done).toList();
    }

    private Table causeTable() {
        List<List<String>> rows = new ArrayList<>();
        for (Anomaly anomaly : causes.subList(0, Math.min(MOST_ROWS, causes.size()))) {
            Evidence evidence = anomaly.getEvidence();
            rows.add(List.of(
                    "" + (rows.size() + 1),
                    evidence.getDetector(),
                    "" + anomaly.getRaisedAtStep(),
                    evidence.getMetric(),
                    number(evidence.getValue()),
                    number(evidence.getThreshold()),
                    number(evidence.getBaseline()),
                    layers(evidence.getLayers()),
                    anomaly.getMessage(),
                    evidence.getPartition() < 0 ? "" : evidence.getPartition() + "/" + evidence.getOffset()));
        }
        return new Table(
                title("What came first", causes.size()),
                List.of(
                        "rank",
                        "detector",
                        "step",
                        "metric",
                        "value",
                        "tolerated",
                        "normal",
                        "layers",
                        "message",
                        "partition/offset"),
                rows);
    }

    private Table doneTable() {
        List<List<String>> rows =
                issued.values().stream().limit(MOST_ROWS).map(this::doneRow).toList();
        return new Table(
                title("What was done", issued.size()),
                List.of("command", "decision", "step", "layers", "parameters", "ranks", "stood still, ms", "verdict"),
                rows);
    }

    private List<String> doneRow(Decision decision) {
        String id = decision.getCommandId();
        String answers = incident.outcomes(id).stream()
                .map(outcome -> outcome.getProcessRank() + " " + outcome.getStatus()
                        + (outcome.getReason().isEmpty() ? "" : " (" + outcome.getReason() + ")"))
                .collect(Collectors.joining(", "));
        double millis = incident.outcomes(id).stream()
                .mapToDouble(InterventionOutcome::getHookMillis)
                .filter(Double::isFinite)
                .max()
                .orElse(Double.NaN);
        String verdict = incident.decisions().stream()
                .filter(judged -> judged.getAction() == DecisionAction.VERDICT
                        && judged.getCommandId().equals(id))
                .map(judged -> judged.getVerdict() + ": " + judged.getReason())
                .collect(Collectors.joining("; "));
        return List.of(
                id,
                decision.getAction() + (decision.getOperator().isEmpty() ? "" : " by " + decision.getOperator()),
                "" + decision.getStep(),
                incident.command(id)
                        .map(InterventionCommand::getLayers)
                        .map(IncidentReport::layers)
                        .orElse(""),
                incident.command(id)
                        .map(command -> command.getParameters().toString())
                        .orElse(""),
                answers,
                number(millis),
                verdict);
    }

    private Table chainTable() {
        List<List<String>> rows = incident.chains().stream()
                .map(chain -> List.of(
                        chain.application(),
                        "" + chain.decisions(),
                        chain.finding()
                                .map(finding -> finding.flaw() + " at decision " + finding.sequence() + ": "
                                        + finding.explanation())
                                .orElse("INTACT"),
                        chain.head()))
                .toList();
        return new Table("Ledger: chain of hashes", List.of("guard", "decisions proved", "state", "head"), rows);
    }

    private Table ledgerTable() {
        List<Decision> all = incident.decisions();
        List<List<String>> rows = all.subList(Math.max(0, all.size() - MOST_ROWS), all.size()).stream()
                .map(decision -> List.of(
                        "" + decision.getSequence(),
                        "" + decision.getStep(),
                        decision.getAction().name(),
                        decision.getReason(),
                        decision.getPolicyHash(),
                        decision.getHash()))
                .toList();
        return new Table(
                all.size() > rows.size() ? "Ledger: the last " + rows.size() + " of " + all.size() : "Ledger",
                List.of("sequence", "step", "action", "reason", "policy", "hash"),
                rows);
    }

    private boolean isLedgerIntact() {
        return incident.chains().stream().map(LedgerCheck.Chain::finding).allMatch(java.util.Optional::isEmpty);
    }

    /** Ids of the commands that a rank applied, in the order of their decisions. */
    private Stream<String> applied() {
        return issued.keySet().stream().filter(this::isApplied);
    }

    private boolean isApplied(String id) {
        return incident.outcomes(id).stream().anyMatch(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED);
    }

    private long appliedAt(String id) {
        return incident.outcomes(id).stream()
                .filter(outcome -> outcome.getStatus() == OutcomeStatus.APPLIED)
                .mapToLong(InterventionOutcome::getStep)
                .findFirst()
                .orElse(0);
    }

    private static String title(String title, int count) {
        return count > MOST_ROWS ? title + " (" + MOST_ROWS + " of " + count + ")" : title;
    }

    private static String layers(List<String> names) {
        return names.size() <= MOST_LAYERS_NAMED
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, MOST_LAYERS_NAMED)) + " and " + (names.size() - MOST_LAYERS_NAMED)
                        + " more";
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.4g", value);
    }
}
