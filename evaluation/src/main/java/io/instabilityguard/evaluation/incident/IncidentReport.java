package io.instabilityguard.evaluation.incident;

import static io.instabilityguard.evaluation.incident.IncidentFacts.number;

import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.evaluation.report.Marker;
import io.instabilityguard.evaluation.report.Panel;
import io.instabilityguard.evaluation.report.RunReport;
import io.instabilityguard.evaluation.report.RunReport.Fact;
import io.instabilityguard.evaluation.report.RunReport.Table;
import io.instabilityguard.schemas.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The page on an incident: its facts in tables, and its curves. */
final class IncidentReport {
    private static final double LOSS_CAP = 1.5;
    private static final int MOST_ROWS = 60;
    private static final int MOST_LAYERS_NAMED = 2;

    private final Incident incident;
    private final IncidentFacts facts;

    private IncidentReport(Incident incident) {
        this.incident = incident;
        this.facts = IncidentFacts.of(incident);
    }

    /** The report on an incident. */
    static RunReport of(Incident incident) {
        return new IncidentReport(incident).report();
    }

    private RunReport report() {
        return new RunReport(
                "Incident report: " + facts.run(),
                facts.headline(),
                numbers(),
                panels(),
                Math.max(1, facts.lastStep()),
                markers(),
                List.of(causeTable(), doneTable(), Timeline.table(facts.timeline()), chainTable(), ledgerTable()),
                "Made from a recording of the guard's topics. Causes are ranked by the step at which they were raised, then by their distance from what is tolerated:"
                        + " what was seen first, not what is proved. Times are UTC; curves show the worst value of each stretch of steps.");
    }

    private List<Fact> numbers() {
        return List.of(
                new Fact("steps", facts.firstStep() + " – " + facts.lastStep()),
                new Fact("state at the end", facts.health()),
                new Fact("anomalies raised", "" + facts.causes().size()),
                new Fact("commands wanted", "" + facts.deeds().size()),
                new Fact("commands applied", "" + facts.applied().size()),
                new Fact("judged effective", facts.effective() + " of " + facts.judged()),
                new Fact("ledger", facts.isLedgerIntact() ? "intact" : "BROKEN"));
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
        Stream<Marker> raised =
                facts.causes().stream().map(cause -> new Marker(cause.step(), Marker.Kind.ANOMALY, cause.detector()));
        Stream<Marker> done = facts.applied().stream()
                .map(deed -> new Marker(deed.appliedAtStep(), Marker.Kind.COMMAND, deed.command()));
        return Stream.concat(raised, done).toList();
    }

    private Table causeTable() {
        return new Table(
                title("What came first", facts.causes().size()),
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
                facts.causes().stream()
                        .limit(MOST_ROWS)
                        .map(IncidentReport::causeRow)
                        .toList());
    }

    private static List<String> causeRow(Cause cause) {
        return List.of(
                "" + cause.rank(),
                cause.detector(),
                "" + cause.step(),
                cause.metric(),
                number(cause.value()),
                number(cause.tolerated()),
                number(cause.normal()),
                layers(cause.layers()),
                cause.message(),
                cause.partition() < 0 ? "" : cause.partition() + "/" + cause.offset());
    }

    private Table doneTable() {
        return new Table(
                title("What was done", facts.deeds().size()),
                List.of("command", "decision", "step", "layers", "parameters", "ranks", "stood still, ms", "verdict"),
                facts.deeds().stream()
                        .limit(MOST_ROWS)
                        .map(IncidentReport::doneRow)
                        .toList());
    }

    private static List<String> doneRow(Deed deed) {
        String answers = deed.answers().stream()
                .map(answer -> answer.rank() + " " + answer.status()
                        + (answer.reason().isEmpty() ? "" : " (" + answer.reason() + ")"))
                .collect(Collectors.joining(", "));
        String verdicts = deed.verdicts().stream()
                .map(judged -> judged.verdict() + ": " + judged.reason())
                .collect(Collectors.joining("; "));
        return List.of(
                deed.command(),
                deed.decision() + (deed.operator().isEmpty() ? "" : " by " + deed.operator()),
                "" + deed.step(),
                layers(deed.layers()),
                deed.parameters().isEmpty() ? "" : deed.parameters().toString(),
                answers,
                number(deed.stoodStillMs()),
                verdicts);
    }

    private Table chainTable() {
        List<List<String>> rows = facts.ledger().stream()
                .map(chain -> List.of(chain.guard(), "" + chain.decisions(), chain.state(), chain.head()))
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

    private static String title(String title, int count) {
        return count > MOST_ROWS ? title + " (" + MOST_ROWS + " of " + count + ")" : title;
    }

    private static String layers(List<String> names) {
        return names.size() <= MOST_LAYERS_NAMED
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, MOST_LAYERS_NAMED)) + " and " + (names.size() - MOST_LAYERS_NAMED)
                        + " more";
    }
}
