package io.instabilityguard.evaluation.preflight;

import io.instabilityguard.evaluation.preflight.PreflightReport.Block;
import io.instabilityguard.evaluation.preflight.PreflightReport.Matrix;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The report for people. */
final class PreflightText {
    private static final String BLOCK = "  %-28s %10s %10s %8s %12s %8s  %s%n";
    private static final String MATRIX = "  %-44s %12s %12s%n";
    private static final int MOST_MATRICES = 12;

    private PreflightText() {}

    static String of(PreflightReport report) {
        StringBuilder text = new StringBuilder("risk: " + report.risk().name().toLowerCase(Locale.ROOT) + "\n");
        lines(text, report.reasons());
        if (!report.blocks().isEmpty()) {
            text.append(BLOCK.formatted("block", "near-unit", "over-unit", "radius", "condition", "eta_nl", ""));
            report.blocks().forEach(block -> text.append(row(block)));
        }
        text.append(MATRIX.formatted("matrix", "stable rank", "expected"));
        report.matrices().stream().limit(MOST_MATRICES).forEach(matrix -> text.append(row(matrix)));
        if (report.matrices().size() > MOST_MATRICES) {
            text.append("  ... and %d more (--json has all)%n"
                    .formatted(report.matrices().size() - MOST_MATRICES));
        }
        if (!report.omissions().isEmpty()) {
            text.append("not measured\n");
            lines(text, report.omissions());
        }
        text.append("recommended\n");
        lines(text, report.advice());
        text.append("what this cannot see\n");
        lines(text, report.blindSpots());
        return text.toString();
    }

    private static void lines(StringBuilder text, List<String> lines) {
        lines.forEach(line -> text.append("  ").append(line).append('\n'));
    }

    private static String row(Block block) {
        return BLOCK.formatted(
                block.name(),
                number("%.2f", block.nearUnitMass()),
                number("%.2f", block.overUnitMass()),
                number("%.2f", block.spectralRadius()),
                number("%.3g", block.eigenvectorCondition()),
                number("%.2f", block.nonlinearityRatio()),
                block.abstained().isEmpty() ? "" : "abstained: " + block.abstained());
    }

    private static String row(Matrix matrix) {
        return MATRIX.formatted(
                matrix.name(),
                matrix.isZero() ? "zero" : number("%.1f", matrix.stableRank()),
                number("%.1f", matrix.expected()));
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "-" : format.formatted(value);
    }
}
