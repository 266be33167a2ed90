package io.instabilityguard.evaluation.incident;

import io.instabilityguard.evaluation.report.RunReport.Table;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.StepTelemetry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Everything that happened, line by line. */
final class Timeline {
    private static final int MOST = 400;

    private Timeline() {}

    /**
     * One thing that happened.
     *
     * @param time in UTC
     * @param step as far as it has one
     * @param what kind of thing
     * @param detail more of it
     */
    record Line(String time, String step, String what, String detail) {}

    /** At most 400 lines: of more, the first and the last ones, with a line that says how many are left out. */
    static List<Line> of(List<Recorded> events) {
        List<Line> lines = new ArrayList<>();
        events.forEach(event -> lines.add(line(event)));
        int left = lines.size() - MOST;
        if (left > 0) {
            lines.subList(MOST / 2, MOST / 2 + left).clear();
            lines.add(MOST / 2, new Line("", "", "…", left + " lines are left out here"));
        }
        return lines;
    }

    /** The lines as a table of the page. */
    static Table table(List<Line> lines) {
        return new Table(
                "Timeline",
                List.of("time", "step", "what", "detail"),
                lines.stream()
                        .map(line -> List.of(line.time(), line.step(), line.what(), line.detail()))
                        .toList());
    }

    private static Line line(Recorded event) {
        String time = Instant.ofEpochMilli(event.timestampMs()).toString();
        SpecificRecord value = event.value();
        if (value instanceof StepTelemetry telemetry) {
            return new Line(
                    time, "" + telemetry.getStep(), "trainer", "generation " + telemetry.getGeneration() + " begins");
        }
        if (value instanceof Anomaly anomaly) {
            return new Line(
                    time,
                    "" + anomaly.getStep(),
                    "anomaly " + lower(anomaly.getTransition()),
                    anomaly.getEvidence().getDetector() + ": " + anomaly.getMessage());
        }
        if (value instanceof Decision decision) {
            String verdict = "VERDICT".equals(decision.getAction().name()) ? " " + decision.getVerdict() : "";
            String operator = decision.getOperator().isEmpty() ? "" : " by " + decision.getOperator();
            return new Line(
                    time,
                    "" + decision.getStep(),
                    "decision: " + lower(decision.getAction()) + verdict + operator,
                    decision.getReason());
        }
        return other(time, value);
    }

    private static Line other(String time, SpecificRecord value) {
        if (value instanceof InterventionCommand command) {
            return new Line(
                    time,
                    "" + command.getDecidedAtStep(),
                    "command sent",
                    command.getId() + ", to be applied at step " + command.getApplyAtStep());
        }
        if (value instanceof InterventionOutcome outcome) {
            return new Line(
                    time,
                    "" + outcome.getStep(),
                    "rank " + outcome.getProcessRank() + ": " + lower(outcome.getStatus()),
                    outcome.getCommandId() + (outcome.getReason().isEmpty() ? "" : ": " + outcome.getReason()));
        }
        if (value instanceof OperatorAction action) {
            return new Line(
                    time,
                    "",
                    "operator " + action.getOperator() + ": " + lower(action.getKind()),
                    (action.getTarget() + " " + action.getReason()).strip());
        }
        return value instanceof LeaseClaim claim
                ? new Line(time, "", "lease: " + lower(claim.getAction()), claim.getHolder() + ": " + claim.getReason())
                : new Line(time, "", value.getSchema().getName(), "");
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }
}
