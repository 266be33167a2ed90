package io.instabilityguard.evaluation.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.fault.FaultKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The file of a campaign, written anew after each trial, so that a campaign can be broken off and taken up again.
 *
 * @param commit that ran
 * @param seed of the faults
 * @param trials how many were run
 * @param violations of all of them together
 * @param byFault how many trials had a fault of that kind, and how many violations those trials found
 * @param commands made in all trials
 * @param applications of commands, counted per rank
 * @param telemetry records
 * @param longestWaitMs the longest call of {@code guard.step} of all
 * @param results trial by trial
 */
public record ChaosReport(
        String commit,
        long seed,
        int trials,
        int violations,
        Map<FaultKind, Count> byFault,
        int commands,
        int applications,
        int telemetry,
        double longestWaitMs,
        List<TrialResult> results) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Trials with a fault, and what they found. */
    public record Count(int trials, int violations) {
        Count and(TrialResult result) {
            return new Count(trials + 1, violations + result.violations().size());
        }
    }

    /** A report of these trials. */
    static ChaosReport of(String commit, long seed, List<TrialResult> results) {
        Map<FaultKind, Count> byFault = new EnumMap<>(FaultKind.class);
        for (TrialResult result : results) {
            result.faults().stream()
                    .map(Fault::kind)
                    .distinct()
                    .forEach(kind -> byFault.put(
                            kind, byFault.getOrDefault(kind, new Count(0, 0)).and(result)));
        }
        return new ChaosReport(
                commit,
                seed,
                results.size(),
                results.stream().mapToInt(result -> result.violations().size()).sum(),
                byFault,
                results.stream().mapToInt(TrialResult::commands).sum(),
                results.stream().mapToInt(TrialResult::applications).sum(),
                results.stream().mapToInt(TrialResult::telemetry).sum(),
                results.stream().mapToDouble(TrialResult::longestWaitMs).max().orElse(0),
                List.copyOf(results));
    }

    /** The same with one more trial. */
    ChaosReport and(TrialResult result) {
        List<TrialResult> all = new ArrayList<>(results);
        all.add(result);
        return of(commit, seed, all);
    }

    /** Whether it holds that trial. */
    boolean has(int trial) {
        return results.stream().anyMatch(result -> result.trial() == trial);
    }

    /**
     * What an earlier campaign of the same commit and seed left in the file; an empty report when there is none.
     *
     * @throws UserError when the file holds something else
     */
    static ChaosReport read(Path file, String commit, long seed) {
        if (!Files.exists(file)) {
            return of(commit, seed, List.of());
        }
        try {
            ChaosReport report = JSON.readValue(file.toFile(), ChaosReport.class);
            if (report.seed() == seed && report.commit().equals(commit)) {
                return report;
            }
            throw UserError.usage(file + " holds trials of commit " + report.commit() + " and seed " + report.seed()
                    + ": name another file with --json, or delete it");
        } catch (IOException e) {
            throw UserError.usage(file + " is not a report of trials: name another file with --json");
        }
    }

    /** Writes it, whole or not at all. */
    void write(Path file) {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try {
            JSON.writeValue(unfinished.toFile(), this);
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw UserError.environment("cannot write " + file + ": " + e.getMessage());
        }
    }
}
