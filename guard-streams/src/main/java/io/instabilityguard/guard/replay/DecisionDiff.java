package io.instabilityguard.guard.replay;

import io.instabilityguard.guard.agreement.Agreement;
import io.instabilityguard.guard.agreement.Match;
import io.instabilityguard.guard.agreement.Match.Fate;
import io.instabilityguard.guard.agreement.Side;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * Alarms and commands that are the same, new or lost under another policy.
 *
 * @param matches one by one, by generation and step
 * @param agreement the sums
 */
public record DecisionDiff(List<Match> matches, Agreement agreement) {

    private static final Comparator<Match> BY_STEP = Comparator.comparingLong(Match::generation)
            .thenComparingLong(match -> Math.max(match.baseStep(), match.candidateStep()))
            .thenComparing(Match::subject);

    /** An anomaly or decision, whose it is, and when. */
    private record Made(Side side, long generation, long step, SpecificRecord record) {

        private static final Comparator<Made> BY_STEP =
                Comparator.comparingLong(Made::generation).thenComparingLong(Made::step);

        static Stream<Made> of(Side side, Decided decided) {
            return Stream.concat(
                    decided.anomalies().stream().map(anomaly -> of(side, anomaly)),
                    decided.decisions().stream().map(decision -> of(side, decision)));
        }

        private static Made of(Side side, Anomaly anomaly) {
            return new Made(side, anomaly.getGeneration(), anomaly.getStep(), anomaly);
        }

        private static Made of(Side side, Decision decision) {
            return new Made(side, decision.getGeneration(), decision.getStep(), decision);
        }
    }

    /** Keeps its own copy. */
    public DecisionDiff {
        matches = List.copyOf(matches);
    }

    /** What changes from one policy to another. */
    public static DecisionDiff between(Decided base, Decided candidate) {
        List<Match> matches = new ArrayList<>();
        Agreement agreement = Agreement.NONE;
        List<Made> all = Stream.concat(Made.of(Side.BASE, base), Made.of(Side.CANDIDATE, candidate))
                .sorted(Made.BY_STEP)
                .toList();
        for (Made made : all) {
            agreement = agreement.after(made.side(), made.record(), matches::add);
        }
        agreement = agreement.concluded(matches::add);
        matches.sort(BY_STEP);
        return new DecisionDiff(matches, agreement);
    }

    /** Whether every alarm and every command is the same; steps may differ. */
    public boolean isEmpty() {
        return matches.stream().allMatch(match -> match.fate() == Fate.SAME);
    }
}
