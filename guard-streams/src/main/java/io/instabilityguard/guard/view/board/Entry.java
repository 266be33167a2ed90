package io.instabilityguard.guard.view.board;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something that happened to a run, as its topic told. */
public sealed interface Entry {

    /** Which topic told it, in a word. */
    @JsonProperty("type")
    String type();

    /** Number of the entry in its run's board, from 0. */
    long number();

    /** Step that it is about. */
    long step();

    /** When it was recorded, epoch milliseconds. */
    long timestampMs();

    /** The numbers behind it; null when there are none. */
    default @Nullable Grounds evidence() {
        return null;
    }

    /** An anomaly was raised, escalated or cleared. */
    record Found(
            long number,
            long step,
            long timestampMs,
            String id,
            String transition,
            long raisedAtStep,
            double forecastSteps,
            String message,
            Grounds evidence)
            implements Entry {

        @Override
        public String type() {
            return "anomaly";
        }
    }

    /** Something was commanded. */
    record Commanded(
            long number,
            long step,
            long timestampMs,
            String id,
            String kind,
            List<String> layers,
            Map<String, Double> parameters,
            long applyAtStep,
            long expiresAtStep,
            String expectedEffect,
            String expectedMetric,
            String expectedDirection,
            int judgedAfterSteps,
            String anomalyId,
            String undoes,
            String approver,
            String policyHash,
            Grounds evidence)
            implements Entry {

        @Override
        public String type() {
            return "command";
        }
    }

    /** One process did, or did not do, what was commanded. */
    record Answered(
            long number,
            long step,
            long timestampMs,
            String commandId,
            String kind,
            int processRank,
            String status,
            String reason,
            double hookMillis,
            double computeMillis,
            double loopMillis,
            List<LayerChange> changes)
            implements Entry {

        @Override
        public String type() {
            return "outcome";
        }
    }

    /** The guard decided, also to do nothing. */
    record Decided(
            long number,
            long step,
            long timestampMs,
            long sequence,
            String action,
            String verdict,
            String anomalyId,
            String commandId,
            String reason,
            String operator,
            String application,
            String policyHash,
            String hash,
            String previousHash,
            @Nullable Grounds evidence)
            implements Entry {

        @Override
        public String type() {
            return "decision";
        }
    }

    /** A new life of the trainer began. */
    record Attached(long number, long step, long timestampMs, long generation) implements Entry {

        @Override
        public String type() {
            return "generation";
        }
    }

    /** The numbers that crossed a threshold, and where their record stands. */
    record Grounds(
            String detector,
            String metric,
            List<String> layers,
            double value,
            double baseline,
            double threshold,
            long firstStep,
            long lastStep,
            int partition,
            long offset) {

        static Grounds of(Evidence evidence) {
            return new Grounds(
                    evidence.getDetector(),
                    evidence.getMetric(),
                    List.copyOf(evidence.getLayers()),
                    evidence.getValue(),
                    evidence.getBaseline(),
                    evidence.getThreshold(),
                    evidence.getFirstStep(),
                    evidence.getLastStep(),
                    evidence.getPartition(),
                    evidence.getOffset());
        }
    }

    /** One matrix before and after. */
    record LayerChange(
            String layer,
            boolean replaced,
            String reason,
            double stableRankBefore,
            double stableRankAfter,
            double spectralNormBefore,
            double spectralNormAfter) {

        private static LayerChange of(io.instabilityguard.schemas.LayerChange change) {
            return new LayerChange(
                    change.getBefore().getName(),
                    change.getReplaced(),
                    change.getReason(),
                    change.getBefore().getStableRank(),
                    change.getAfter().getStableRank(),
                    change.getBefore().getSpectralNorm(),
                    change.getAfter().getSpectralNorm());
        }
    }

    /** An anomaly's transition. */
    static Entry of(long number, Anomaly anomaly) {
        return new Found(
                number,
                anomaly.getStep(),
                anomaly.getTimestampMs(),
                anomaly.getId(),
                anomaly.getTransition().name(),
                anomaly.getRaisedAtStep(),
                anomaly.getForecastSteps(),
                anomaly.getMessage(),
                Grounds.of(anomaly.getEvidence()));
    }

    /** A command. */
    static Entry of(long number, InterventionCommand command) {
        return new Commanded(
                number,
                command.getDecidedAtStep(),
                command.getTimestampMs(),
                command.getId(),
                command.getKind().name(),
                List.copyOf(command.getLayers()),
                Map.copyOf(command.getParameters()),
                command.getApplyAtStep(),
                command.getExpiresAtStep(),
                command.getExpectedEffect(),
                command.getExpectedMetric(),
                command.getExpectedDirection().name(),
                command.getJudgedAfterSteps(),
                command.getAnomalyId(),
                command.getUndoes(),
                command.getApprover(),
                command.getPolicyHash(),
                Grounds.of(command.getEvidence()));
    }

    /** An outcome. */
    static Entry of(long number, InterventionOutcome outcome) {
        return new Answered(
                number,
                outcome.getStep(),
                outcome.getTimestampMs(),
                outcome.getCommandId(),
                outcome.getKind().name(),
                outcome.getProcessRank(),
                outcome.getStatus().name(),
                outcome.getReason(),
                outcome.getHookMillis(),
                outcome.getComputeMillis(),
                outcome.getLoopMillis(),
                outcome.getChanges().stream().map(LayerChange::of).toList());
    }

    /** A decision. */
    static Entry of(long number, Decision decision) {
        return new Decided(
                number,
                decision.getStep(),
                decision.getTimestampMs(),
                decision.getSequence(),
                decision.getAction().name(),
                decision.getVerdict().name(),
                decision.getAnomalyId(),
                decision.getCommandId(),
                decision.getReason(),
                decision.getOperator(),
                decision.getApplication(),
                decision.getPolicyHash(),
                decision.getHash(),
                decision.getPreviousHash(),
                decision.getEvidence() == null ? null : Grounds.of(decision.getEvidence()));
    }
}
