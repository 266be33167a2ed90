package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.campaign.Plan.Role;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.evidence.CellSummary.Half;
import io.instabilityguard.evaluation.evidence.Evidence.Claim;
import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.evaluation.report.CurveChart;
import io.instabilityguard.evaluation.report.CurveChart.Characteristic;
import io.instabilityguard.evaluation.report.CurveChart.Rates;
import io.instabilityguard.evaluation.report.HtmlPage;
import io.instabilityguard.evaluation.report.HtmlPage.Section;
import io.instabilityguard.evaluation.report.MethodChart;
import io.instabilityguard.evaluation.report.MethodChart.Rate;
import io.instabilityguard.evaluation.report.MethodChart.Strip;
import io.instabilityguard.evaluation.report.RunReport.Fact;
import io.instabilityguard.evaluation.report.RunReport.Table;
import io.instabilityguard.evaluation.signals.SignalScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The evidence as a page: per scenario a table, divergence rates, final losses and the losses of one seed.
 *
 * @param evidence to show
 * @param runs behind it, for the curves
 */
record EvidencePage(Evidence evidence, List<RunRecord> runs) {
    private static final int SMOOTHING_STEPS = 10;
    private static final double LOSS_CAP = 1.4;
    private static final int LEAD = 5;
    private static final int CHARACTERISTICS = 5;
    private static final List<String> SHOWN = List.of("none", "clip-1.0", "zclip", "msign-100", "mhc", "kss", "guard");

    String render() {
        List<Section> sections = new ArrayList<>();
        sections.add(Section.of(
                new Table(
                        "What was promised",
                        List.of("", "judged by rule from the numbers below"),
                        evidence.claims().stream().map(EvidencePage::row).toList()),
                "On odd seeds; thresholds were chosen on even ones and on seeds from 100 on."));
        sections.add(Section.of(
                new Table(
                        "Worse than doing nothing",
                        List.of("on unseen seeds"),
                        evidence.harmful().stream().map(List::of).toList()),
                evidence.harmful().isEmpty() ? "No method lost more runs than doing nothing did." : ""));
        EvidenceText.byScenario(evidence).forEach((scenario, cells) -> sections.addAll(scenario(scenario, cells)));
        if (!evidence.detectors().isEmpty()) {
            sections.add(Section.of(
                    new Table(
                            "How early each detector warns",
                            EvidenceText.DETECTOR_HEAD,
                            evidence.detectors().stream().map(EvidenceText::row).toList()),
                    "Steps from the first alarm to the departure of the loss, in runs that nobody saved."));
        }
        if (!evidence.signals().isEmpty()) {
            sections.add(Section.of(
                    new Table(
                            "How well single signals tell lost runs from others",
                            EvidenceText.SIGNAL_HEAD,
                            evidence.signals().stream().map(EvidenceText::row).toList()),
                    "Read so many steps before the loss departs, healthy runs at the same steps; 0.5 says nothing."));
            sections.add(characteristics());
        }
        return new HtmlPage("Instability Guard: evidence", headline(), facts(), sections, footnote()).render();
    }

    /** Of the best signals of the scenario with most lost runs, read as a threshold would, five steps ahead. */
    private Section characteristics() {
        List<SignalScore> best = evidence.signals().stream()
                .filter(score ->
                        score.lead() == LEAD && score.reading().equals(SignalScore.HIGHEST) && score.auroc() != null)
                .filter(score -> !score.scope().equals(SignalScore.ACROSS))
                .sorted(Comparator.comparingInt(SignalScore::lost)
                        .thenComparingDouble(score -> score.auroc() == null ? 0 : score.auroc())
                        .reversed())
                .limit(CHARACTERISTICS)
                .toList();
        List<Characteristic> lines = IntStream.range(0, best.size())
                .mapToObj(i -> new Characteristic(
                        "%s, %s: %.2f"
                                .formatted(
                                        best.get(i).scope(),
                                        best.get(i).signal(),
                                        best.get(i).auroc()),
                        "c" + i,
                        best.get(i).characteristic().stream()
                                .map(point -> new Rates(point.falseAlarms(), point.detected()))
                                .toList()))
                .toList();
        return new Section(
                "Receiver operating characteristics",
                "False alarms across, detected runs up, %d steps before the loss departs; all steps pooled."
                        .formatted(LEAD),
                CurveChart.characteristics("Receiver operating characteristics", lines));
    }

    private static List<String> row(Claim claim) {
        return List.of(claim.reached() ? "reached" : "NOT reached", claim.words());
    }

    private String headline() {
        long reached = evidence.claims().stream().filter(Claim::reached).count();
        return "%d of %d promises are kept by these numbers."
                .formatted(reached, evidence.claims().size());
    }

    private List<Fact> facts() {
        return List.of(
                new Fact("finished runs", String.valueOf(evidence.provenance().runs())),
                new Fact(
                        "scenarios",
                        String.valueOf(EvidenceText.byScenario(evidence).size())),
                new Fact("commit", evidence.provenance().commit()),
                new Fact("date", evidence.provenance().date()));
    }

    private List<Section> scenario(String scenario, List<CellSummary> cells) {
        List<Section> sections = new ArrayList<>();
        sections.add(Section.of(
                new Table(
                        scenario,
                        EvidenceText.CELL_HEAD,
                        cells.stream().map(EvidenceText::row).toList()),
                ""));
        List<Rate> rates =
                cells.stream().map(EvidencePage::rate).flatMap(Optional::stream).toList();
        sections.add(new Section(
                scenario + ": diverged",
                "Share of unseen seeds, with Wilson's 95 % interval.",
                MethodChart.rates(scenario + ": diverged", rates)));
        sections.add(new Section(
                scenario + ": final loss",
                "Nats, one mark per unseen seed that did not diverge.",
                MethodChart.strips(
                        scenario + ": final loss",
                        cells.stream().map(EvidencePage::strip).toList())));
        losses(scenario).ifPresent(sections::add);
        return sections;
    }

    private static Optional<Rate> rate(CellSummary cell) {
        Half half = cell.unseen();
        Double low = half.low();
        Double high = half.high();
        return low == null || high == null
                ? Optional.empty()
                : Optional.of(
                        new Rate(cell.method(), style(cell.role()), (double) half.diverged() / half.runs(), low, high));
    }

    private static Strip strip(CellSummary cell) {
        return new Strip(
                cell.method(),
                style(cell.role()),
                cell.unseen().finalLosses().stream().filter(Objects::nonNull).toList());
    }

    private static String style(Role role) {
        return switch (role) {
            case BASELINE -> "unguarded";
            case GUARD, SINGLE -> "guarded";
            default -> "rival";
        };
    }

    /** The lowest unseen seed of each method that is worth a line. */
    private Optional<Section> losses(String scenario) {
        List<RunRecord> shown = SHOWN.stream()
                .map(method -> runs.stream()
                        .filter(run -> run.isUnseen() && run.key().scenario().equals(scenario))
                        .filter(run -> run.key().method().equals(method))
                        .min(Comparator.comparingInt(run -> run.key().seed())))
                .flatMap(Optional::stream)
                .toList();
        if (shown.isEmpty()) {
            return Optional.empty();
        }
        List<Curve> curves = shown.stream().map(EvidencePage::curve).toList();
        double first = shown.get(0).lossArray()[0];
        int steps = shown.stream().mapToInt(run -> run.losses().size()).max().orElse(1);
        return Optional.of(new Section(
                scenario + ": loss of seed " + shown.get(0).key().seed(),
                "Mean of the last " + SMOOTHING_STEPS + " steps; what lies above ends at the border.",
                CurveChart.overSteps(scenario, curves, steps, first * LOSS_CAP)));
    }

    private static Curve curve(RunRecord run) {
        double[] losses = run.lossArray();
        List<Curve.Point> points = IntStream.range(0, losses.length)
                .mapToObj(step -> new Curve.Point(step, losses[step]))
                .toList();
        String method = run.key().method();
        String style = switch (method) {
            case "guard" -> "c0";
            case "none" -> "c1";
            default -> "c" + Math.min(5, 1 + SHOWN.indexOf(method));
        };
        return new Curve(method, style, points).smoothed(SMOOTHING_STEPS);
    }

    private String footnote() {
        Evidence.Provenance provenance = evidence.provenance();
        return "%s at commit %s, %s, %s; runs made at %s. %s"
                .formatted(
                        provenance.command(),
                        provenance.commit(),
                        provenance.date(),
                        provenance.machine(),
                        String.join(", ", provenance.runCommits()),
                        EvidenceText.kept(evidence));
    }
}
