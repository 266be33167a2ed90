package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.evidence.CellSummary.Half;
import io.instabilityguard.evaluation.evidence.Evidence.Claim;
import io.instabilityguard.evaluation.signals.SignalScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** The evidence as tables of text: the same rows for Markdown, terminal and page. */
final class EvidenceText {
    static final List<String> CELL_HEAD = List.of(
            "method",
            "diverged, even seeds",
            "diverged, odd seeds",
            "95 % interval",
            "collapsed, odd",
            "final loss, even",
            "final loss, odd",
            "gradient > 500",
            "spike score",
            "accuracy",
            "alarms / 10k",
            "acting / 10k",
            "interventions per run",
            "harmful",
            "ms/step",
            "hook ms");
    static final List<String> DETECTOR_HEAD =
            List.of("scenario", "detector", "warned", "lead, median", "lead, p10", "false alarms / 10k healthy steps");

    static final List<String> SIGNAL_HEAD =
            List.of("scope", "signal", "lead", "reading", "lost", "healthy", "AUROC", "95 % interval");

    private static final String KEPT = " †";

    private EvidenceText() {}

    /** The cells of each scenario, in order. */
    static Map<String, List<CellSummary>> byScenario(Evidence evidence) {
        return evidence.cells().stream()
                .collect(Collectors.groupingBy(CellSummary::scenario, LinkedHashMap::new, Collectors.toList()));
    }

    static List<String> row(CellSummary cell) {
        Half even = cell.tuning();
        Half odd = cell.unseen();
        return List.of(
                cell.method() + (cell.keptFrom() == null ? "" : KEPT),
                share(even.diverged(), even.runs()),
                share(odd.diverged(), odd.runs()),
                odd.low() == null ? Numbers.NONE : "%.2f–%.2f".formatted(odd.low(), odd.high()),
                share(odd.collapsed(), odd.runs()),
                Numbers.text("%.3f", even.medianFinalLoss()),
                Numbers.text("%.3f", odd.medianFinalLoss()),
                share(cell.gradientLabelled(), cell.runs()),
                Numbers.text("%.2f %%", cell.spikeScore()),
                Numbers.text("%.3f", cell.accuracy()),
                Numbers.text("%.1f", cell.alarmsPer10k()),
                Numbers.text("%.1f", cell.actingPer10k()),
                interventions(cell.interventions()),
                cell.hookMillis() == null ? Numbers.NONE : String.valueOf(cell.harmful()),
                cell.secondsPerStep() == null ? Numbers.NONE : "%.1f".formatted(1000 * cell.secondsPerStep()),
                Numbers.text("%.3f", cell.hookMillis()));
    }

    /** What the mark behind a method says; empty when none is marked. */
    static String kept(Evidence evidence) {
        List<String> commits = evidence.cells().stream()
                .map(CellSummary::keptFrom)
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .toList();
        return commits.isEmpty()
                ? ""
                : "† counted by the report of an earlier campaign (%s) and not trained again since."
                        .formatted(String.join(", ", commits));
    }

    private static String share(int hits, int of) {
        return of == 0 ? Numbers.NONE : hits + "/" + of;
    }

    private static String interventions(Map<String, Double> perRun) {
        return perRun.isEmpty()
                ? Numbers.NONE
                : perRun.entrySet().stream()
                        .map(kind -> "%.1f %s"
                                .formatted(
                                        kind.getValue(),
                                        kind.getKey().toLowerCase(Locale.ROOT).replace('_', '-')))
                        .collect(Collectors.joining(", "));
    }

    static List<String> row(DetectorSummary detector) {
        return List.of(
                detector.scenario(),
                detector.detector(),
                detector.warned() + "/" + detector.lost(),
                Numbers.text("%.0f", detector.medianLead()),
                Numbers.text("%.0f", detector.p10Lead()),
                Numbers.text("%.1f", detector.falseAlarmsPer10k()));
    }

    static List<String> row(SignalScore score) {
        return List.of(
                score.scope(),
                score.signal(),
                score.lead() < 0 ? Numbers.NONE : String.valueOf(score.lead()),
                score.reading(),
                String.valueOf(score.lost()),
                String.valueOf(score.healthy()),
                Numbers.text("%.2f", score.auroc()),
                score.low() == null ? Numbers.NONE : "%.2f–%.2f".formatted(score.low(), score.high()));
    }

    /** For the terminal: aligned columns, the most telling ones. */
    static String console(Evidence evidence) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("scenario", "method", "diverged", "collapsed", "final loss", "acting / 10k", "interventions"));
        for (CellSummary cell : evidence.cells()) {
            Half half = cell.unseen().runs() > 0 ? cell.unseen() : cell.tuning();
            rows.add(List.of(
                    cell.scenario(),
                    cell.method(),
                    share(half.diverged(), half.runs()),
                    share(half.collapsed(), half.runs()),
                    Numbers.text("%.3f", half.medianFinalLoss()),
                    Numbers.text("%.1f", cell.actingPer10k()),
                    interventions(cell.interventions())));
        }
        String claims = evidence.claims().stream().map(Claim::toString).collect(Collectors.joining("\n"));
        return aligned(rows) + "(unseen, odd seeds where there are any)\n\n" + claims;
    }

    private static String aligned(List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        StringBuilder text = new StringBuilder("\n");
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                text.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** The whole evidence as Markdown. */
    static String markdown(Evidence evidence) {
        StringBuilder text = new StringBuilder("# Evidence\n\n");
        text.append("`")
                .append(evidence.provenance().command())
                .append("` at commit ")
                .append(evidence.provenance().commit())
                .append(", ")
                .append(evidence.provenance().date())
                .append(", ")
                .append(evidence.provenance().machine())
                .append("; ")
                .append(evidence.provenance().runs())
                .append(" runs made at ")
                .append(String.join(", ", evidence.provenance().runCommits()))
                .append(".\n\n");
        String kept = kept(evidence);
        if (!kept.isEmpty()) {
            text.append(kept).append("\n\n");
        }
        text.append("## What was promised\n\n");
        evidence.claims().forEach(claim -> text.append("- ").append(claim).append('\n'));
        if (!evidence.harmful().isEmpty()) {
            text.append("\n## Worse than doing nothing\n\n");
            evidence.harmful().forEach(words -> text.append("- ").append(words).append('\n'));
        }
        byScenario(evidence).forEach((scenario, cells) -> {
            text.append("\n## ").append(scenario).append("\n\n");
            table(text, CELL_HEAD, cells.stream().map(EvidenceText::row).toList());
        });
        if (!evidence.detectors().isEmpty()) {
            text.append("\n## How early each detector warns\n\n");
            table(
                    text,
                    DETECTOR_HEAD,
                    evidence.detectors().stream().map(EvidenceText::row).toList());
        }
        if (!evidence.signals().isEmpty()) {
            text.append("\n## How well single signals tell lost runs from others\n\n");
            text.append("Below 0.5 small values mean danger.\n\n");
            table(
                    text,
                    SIGNAL_HEAD,
                    evidence.signals().stream().map(EvidenceText::row).toList());
        }
        return text.toString();
    }

    private static void table(StringBuilder text, List<String> head, List<List<String>> rows) {
        line(text, head);
        line(text, head.stream().map(column -> "---").toList());
        rows.forEach(row -> line(text, row));
    }

    private static void line(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}
