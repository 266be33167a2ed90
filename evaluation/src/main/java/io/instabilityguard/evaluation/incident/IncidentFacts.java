package io.instabilityguard.evaluation.incident;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.instabilityguard.guard.intervention.LedgerCheck;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import java.util.Locale;

/**
 * What happened to a run in facts, for the page and for programs.
 *
 * @param run id of the run
 * @param headline what happened, in two sentences
 * @param firstStep first step of rank 0; -1 without telemetry
 * @param lastStep last step of rank 0; -1 without telemetry
 * @param lastLoss loss of that step; NaN without telemetry
 * @param health where the guard said last that the run stands
 * @param causes what was raised, the likeliest cause first
 * @param deeds what was wanted done about it, in order
 * @param judged how many verdicts there are
 * @param effective how many of them say that it helped
 * @param ledger the chains of hashes of the decisions, checked
 * @param timeline everything that happened, line by line
 */
record IncidentFacts(
        String run,
        String headline,
        long firstStep,
        long lastStep,
        double lastLoss,
        String health,
        List<Cause> causes,
        List<Deed> deeds,
        int judged,
        int effective,
        List<Chain> ledger,
        List<Timeline.Line> timeline) {

    /**
     * One guard's decisions on the run.
     *
     * @param guard its application id
     * @param decisions how many of them are proved
     * @param state INTACT, or what is wrong and where first
     * @param head hash of the last one that is proved
     */
    record Chain(String guard, long decisions, String state, String head) {
        private static final String INTACT = "INTACT";

        private static Chain of(LedgerCheck.Chain chain) {
            String state = chain.finding()
                    .map(finding ->
                            finding.flaw() + " at decision " + finding.sequence() + ": " + finding.explanation())
                    .orElse(INTACT);
            return new Chain(chain.application(), chain.decisions(), state, chain.head());
        }
    }

    static IncidentFacts of(Incident incident) {
        List<Cause> causes = Causes.ranked(incident.anomalies());
        List<Deed> deeds = Deed.of(incident);
        long lastStep = incident.last().map(StepTelemetry::getStep).orElse(-1L);
        double lastLoss = incident.last().map(StepTelemetry::getLoss).orElse(Double.NaN);
        List<Verdict> verdicts = incident.decisions().stream()
                .map(Decision::getVerdict)
                .filter(verdict -> verdict != Verdict.UNKNOWN)
                .toList();
        return new IncidentFacts(
                incident.run(),
                headline(causes, deeds, lastStep, lastLoss),
                incident.firstStep(),
                lastStep,
                lastLoss,
                incident.state().map(RunState::getHealth).map(Enum::name).orElse("unknown"),
                causes,
                deeds,
                verdicts.size(),
                (int) verdicts.stream().filter(Verdict.EFFECTIVE::equals).count(),
                incident.chains().stream().map(Chain::of).toList(),
                Timeline.of(incident.events()));
    }

    private static String headline(List<Cause> causes, List<Deed> deeds, long lastStep, double lastLoss) {
        if (causes.isEmpty()) {
            return "Nothing was found in this run.";
        }
        Cause first = causes.get(0);
        long applied = deeds.stream().filter(Deed::isApplied).count();
        String done =
                applied == 0 ? "No command was applied" : applied + " of " + deeds.size() + " commands were applied";
        String end = lastStep < 0
                ? "."
                : "; the run was last heard of at step " + lastStep + ", loss " + number(lastLoss) + ".";
        return "First came " + first.detector() + " at step " + first.step() + ": " + first.message() + ". " + done
                + end;
    }

    /** Those that a rank carried out. */
    List<Deed> applied() {
        return deeds.stream().filter(Deed::isApplied).toList();
    }

    /** Whether nothing in the ledger was changed, as far as it shows. */
    @JsonProperty("ledgerIntact")
    boolean isLedgerIntact() {
        return ledger.stream().allMatch(chain -> chain.state().equals(Chain.INTACT));
    }

    /** A number for people: four digits, nothing for what is missing. */
    static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.4g", value);
    }
}
