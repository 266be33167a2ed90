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

    /** At most 400 lines: of more, the first and the last ones, with a line that says how many are left out. */
    static Table of(List<Recorded> events) {
        List<List<String>> rows = new ArrayList<>();
        events.forEach(event -> rows.add(row(event)));
        int left = rows.size() - MOST;
        if (left > 0) {
            rows.subList(MOST / 2, MOST / 2 + left).clear();
            rows.add(MOST / 2, List.of("", "", "…", left + " lines are left out here"));
        }
        return new Table("Timeline", List.of("time", "step", "what", "detail"), rows);
    }

    private static List<String> row(Recorded event) {
        String time = Instant.ofEpochMilli(event.timestampMs()).toString();
        SpecificRecord value = event.value();
        if (value instanceof StepTelemetry telemetry) {
            return List.of(
                    time, "" + telemetry.getStep(), "trainer", "generation " + telemetry.getGeneration() + " begins");
        }
        if (value instanceof Anomaly anomaly) {
            return List.of(
                    time,
                    "" + anomaly.getStep(),
                    "anomaly " + lower(anomaly.getTransition()),
                    anomaly.getEvidence().getDetector() + ": " + anomaly.getMessage());
        }
        if (value instanceof Decision decision) {
            String verdict = "VERDICT".equals(decision.getAction().name()) ? " " + decision.getVerdict() : "";
            String operator = decision.getOperator().isEmpty() ? "" : " by " + decision.getOperator();
            return List.of(
                    time,
                    "" + decision.getStep(),
                    "decision: " + lower(decision.getAction()) + verdict + operator,
                    decision.getReason());
        }
        return other(time, value);
    }

    private static List<String> other(String time, SpecificRecord value) {
        if (value instanceof InterventionCommand command) {
            return List.of(
                    time,
                    "" + command.getDecidedAtStep(),
                    "command sent",
                    command.getId() + ", to be applied at step " + command.getApplyAtStep());
        }
        if (value instanceof InterventionOutcome outcome) {
            return List.of(
                    time,
                    "" + outcome.getStep(),
                    "rank " + outcome.getProcessRank() + ": " + lower(outcome.getStatus()),
                    outcome.getCommandId() + (outcome.getReason().isEmpty() ? "" : ": " + outcome.getReason()));
        }
        if (value instanceof OperatorAction action) {
            return List.of(
                    time,
                    "",
                    "operator " + action.getOperator() + ": " + lower(action.getKind()),
                    (action.getTarget() + " " + action.getReason()).strip());
        }
        return value instanceof LeaseClaim claim
                ? List.of(time, "", "lease: " + lower(claim.getAction()), claim.getHolder() + ": " + claim.getReason())
                : List.of(time, "", value.getSchema().getName(), "");
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }
}
