package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import io.instabilityguard.evaluation.chaos.violation.RankLog.Step;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a run of two ranks leaves behind when nothing goes wrong: ten steps, a cut of the learning rate at step 3, a clip of one matrix at step 6. Everything
 * can be changed before it is checked.
 */
final class History {
    static final String RUN = "run";
    static final long GENERATION = 1;
    static final String CUT = "run/SCALE_LEARNING_RATE";
    static final String CLIP = "run/CLIP_ATTENTION_LOGITS";
    static final String QUERY = "query";
    static final int CUT_STEP = 3;
    static final int CLIP_STEP = 6;
    private static final int STEPS = 10;
    private static final long SEED = 5;
    private static final long FIRST_PID = 100;

    final List<InterventionCommand> commands = new ArrayList<>();
    final List<Decision> decisions = new ArrayList<>();
    final List<InterventionOutcome> outcomes = new ArrayList<>();
    final List<StepTelemetry> telemetry = new ArrayList<>();
    final List<RankLog> logs = new ArrayList<>();
    final Map<Long, Integer> exits = new HashMap<>();
    final Set<Long> killed = new HashSet<>();
    final List<RunFacts.Suspension> suspensions = new ArrayList<>();

    History() {
        commands.add(command(CUT, InterventionKind.SCALE_LEARNING_RATE, 2, List.of(), Map.of("factor", 0.5)));
        commands.add(
                command(CLIP, InterventionKind.CLIP_ATTENTION_LOGITS, 5, List.of(QUERY), Map.of("threshold", 100.0)));
        commands.forEach(command -> decide(DecisionAction.COMMAND, command.getId()));
        decide(DecisionAction.VERDICT, CUT);
        for (int rank = 0; rank < 2; rank++) {
            logs.add(trained(rank));
            exits.put(pid(rank), 0);
            for (int step = 0; step < STEPS; step++) {
                telemetry.add(StepTelemetry.newBuilder(Records.step(RUN, step, 1))
                        .setProcessRank(rank)
                        .setDroppedMessages(0)
                        .build());
            }
            outcomes.add(outcome(0, rank, CUT_STEP));
            outcomes.add(outcome(1, rank, CLIP_STEP));
        }
    }

    static long pid(int rank) {
        return FIRST_PID + rank;
    }

    private static InterventionCommand command(
            String id, InterventionKind kind, long decidedAt, List<String> layers, Map<String, Double> parameters) {
        return InterventionCommand.newBuilder(Records.command(RUN, "anomaly", kind))
                .setId(id)
                .setGeneration(GENERATION)
                .setLayers(layers)
                .setParameters(parameters)
                .setDecidedAtStep(decidedAt)
                .setApplyAtStep(decidedAt + 1)
                .setExpiresAtStep(decidedAt + 3)
                .build();
    }

    /** One more decision at the end of the chain. */
    void decide(DecisionAction action, String command) {
        Decision last = decisions.isEmpty() ? null : decisions.get(decisions.size() - 1);
        decisions.add(sealed(Decision.newBuilder(Records.verdict(commands.get(0), Verdict.EFFECTIVE))
                .setSequence(decisions.size())
                .setAction(action)
                .setCommandId(command)
                .setPreviousHash(last == null ? "" : last.getHash())
                .build()));
    }

    static Decision sealed(Decision open) {
        return Decision.newBuilder(open).setHash(DecisionCheck.hash(open)).build();
    }

    private InterventionOutcome outcome(int command, int rank, long step) {
        return InterventionOutcome.newBuilder(Records.applied(commands.get(command)))
                .setProcessRank(rank)
                .setStep(step)
                .build();
    }

    private static RankLog trained(int rank) {
        Map<String, float[]> start = new LinkedHashMap<>();
        start.put(QUERY, new float[] {1, 2, 3, 4});
        start.put("key", new float[] {4, 3, 2, 1});
        Training training = new Training(start, SEED, 2);
        List<Step> steps = new ArrayList<>();
        double scale = 1;
        for (int step = 0; step < STEPS; step++) {
            training.descend(step, scale);
            scale = step == CUT_STEP ? 0.5 : scale;
            steps.add(step(step, scale, training));
        }
        Map<String, Long> statistics = Map.of("stepsSent", (long) STEPS);
        return new RankLog(
                GENERATION,
                rank,
                new RankLog.Start(pid(rank), 0, start),
                steps,
                new RankLog.End(STEPS, statistics, training.weights()));
    }

    private static Step step(int step, double scale, Training training) {
        long crc = training.crc();
        Map<String, float[]> before = new HashMap<>();
        Map<String, float[]> after = new HashMap<>();
        if (step == CLIP_STEP) {
            float[] query = training.weights().get(QUERY);
            float[] clipped = query.clone();
            for (int index = 0; index < clipped.length; index++) {
                clipped[index] *= (float) Math.sqrt(0.8);
            }
            before.put(QUERY, query.clone());
            after.put(QUERY, clipped);
            training.put(QUERY, clipped);
        }
        List<Applied> applied = step == CUT_STEP
                ? List.of(new Applied(CUT, step))
                : step == CLIP_STEP ? List.of(new Applied(CLIP, step)) : List.of();
        return new Step(step, 1_000 + 100 * step, 1_001 + 100 * step, scale, crc, before, after, applied);
    }

    /** Puts another step in the place of one. */
    void replace(int rank, Step step) {
        RankLog log = logs.get(rank);
        List<Step> steps = new ArrayList<>(log.steps());
        steps.set((int) step.step(), step);
        logs.set(rank, new RankLog(log.generation(), rank, log.start(), steps, log.end()));
    }

    /** Ends a rank's log after some steps. */
    void cutOff(int rank, int steps) {
        RankLog log = logs.get(rank);
        logs.set(
                rank,
                new RankLog(log.generation(), rank, log.start(), log.steps().subList(0, steps), null));
    }

    Step step(int rank, int step) {
        return logs.get(rank).steps().get(step);
    }

    static Step applying(Step step, Applied... applied) {
        return new Step(
                step.step(),
                step.beginMs(),
                step.endMs(),
                step.scale(),
                step.crc(),
                step.before(),
                step.after(),
                List.of(applied));
    }

    List<Violation> violations() {
        RunRecords records = RunRecords.empty();
        commands.forEach(
                each -> records.commands().add(message(records.commands().size(), each)));
        decisions.forEach(
                each -> records.decisions().add(message(records.decisions().size(), each)));
        outcomes.forEach(
                each -> records.outcomes().add(message(records.outcomes().size(), each)));
        telemetry.forEach(
                each -> records.telemetry().add(message(records.telemetry().size(), each)));
        RunFacts facts = new RunFacts(RUN, 2, SEED, logs, exits, killed, suspensions, Set.of(), 3, 1_000);
        return TrialCheck.check(facts, records, Set.of());
    }

    static <V> Message<V> message(long offset, V value) {
        return new Message<>(0, offset, "", RUN, new byte[0], value);
    }
}
