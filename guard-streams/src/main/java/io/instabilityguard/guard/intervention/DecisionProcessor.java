package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.Forgotten;
import io.instabilityguard.guard.anomaly.RunEvent.Silent;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Asks the ladder what follows from each event and publishes it. Memories are read from the store when first needed and written when they change. A
 * command, and a step that a trainer waits for, is committed at once rather than at the next commit interval.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class DecisionProcessor implements Processor<String, RunEvent, String, SpecificRecord> {

    /** Name of the store of memories. */
    public static final String STORE = "run-store";

    private static final long LEAST_COMMIT_GAP_MS = 20;
    private static final int MOST_LADDERS = 1_000;

    private final PolicyBook policies;
    private final Map<String, InterventionLadder> ladders = new HashMap<>();
    private final Sinks sinks;
    private final Map<String, RunMemory> memories = new HashMap<>();
    private final Map<String, RunState> published = new HashMap<>();
    private ProcessorContext<String, SpecificRecord> context;
    private KeyValueStore<String, byte[]> store;
    private long lastCommitMs;

    /** A processor under these policies that publishes through these nodes. */
    public DecisionProcessor(PolicyBook policies, Sinks sinks) {
        this.policies = policies;
        this.sinks = sinks;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> newContext) {
        context = newContext;
        store = newContext.getStateStore(STORE);
        memories.clear();
        published.clear();
    }

    @Override
    public void process(Record<String, RunEvent> record) {
        RunEvent event = record.value();
        if (event instanceof StepInspected step) {
            onStep(record, step);
        } else if (event instanceof CommandAnswered answer) {
            onAnswer(record, answer);
        } else if (event instanceof Silent silent) {
            onSilent(record, silent);
        } else if (event instanceof Forgotten) {
            forget(record);
        }
    }

    private void onStep(Record<String, RunEvent> record, StepInspected event) {
        if (event.arrival() == Arrival.OLD_GENERATION) {
            return;
        }
        StepTelemetry telemetry = event.telemetry();
        RunMemory memory = memory(record.key(), telemetry.getGeneration());
        boolean isNew = event.arrival() == Arrival.NEXT || event.arrival() == Arrival.NEW_GENERATION;
        RunMemory after = isNew ? carryOut(record, memory, ladder(event.policy()).on(memory, event)) : memory;
        RunState state = RunStates.heard(after, event);
        boolean isRegular = telemetry.getStep() % event.policy().limits().stateEverySteps() == 0;
        if (telemetry.getAwaitsDecision() || isRegular || isNews(state)) {
            publish(record, state);
        }
        if (telemetry.getAwaitsDecision()) {
            context.commit();
        }
    }

    private void onAnswer(Record<String, RunEvent> record, CommandAnswered event) {
        RunMemory memory = known(record.key());
        if (memory != null) {
            carryOut(record, memory, ladder(policies.of(record.key())).on(memory, event));
        }
    }

    /** The ladder of a policy. As many as there are policies are kept, within reason. */
    private InterventionLadder ladder(Policy policy) {
        if (ladders.size() >= MOST_LADDERS) {
            ladders.clear();
        }
        return ladders.computeIfAbsent(policy.hash(), hash -> new InterventionLadder(policy));
    }

    private void onSilent(Record<String, RunEvent> record, Silent event) {
        RunMemory memory = known(record.key());
        if (memory != null) {
            RunState state = RunStates.silent(memory, event);
            if (isNews(state)) {
                publish(record, state);
            }
        }
    }

    private void forget(Record<String, RunEvent> record) {
        memories.remove(record.key());
        published.remove(record.key());
        store.delete(record.key());
    }

    private RunMemory carryOut(Record<String, RunEvent> record, RunMemory before, Ruling ruling) {
        RunMemory after = ruling.memory();
        if (!after.equals(before) || !memories.containsKey(record.key())) {
            store.put(record.key(), MemoryCodec.encode(after));
            memories.put(record.key(), after);
        }
        ruling.records().forEach(made -> context.forward(record.withValue(made), sinkOf(made)));
        if (ruling.records().stream().anyMatch(InterventionCommand.class::isInstance)) {
            commitSoon();
        }
        return after;
    }

    private String sinkOf(SpecificRecord made) {
        if (made instanceof Anomaly) {
            return sinks.anomalies();
        }
        return made instanceof Decision ? sinks.decisions() : sinks.commands();
    }

    private void publish(Record<String, RunEvent> record, RunState state) {
        published.put(record.key(), state);
        context.forward(record.withValue(state), sinks.runs());
    }

    private boolean isNews(RunState state) {
        RunState last = published.get(state.getRun());
        return last == null || RunStates.differ(last, state);
    }

    /** Commits must not queue behind each other: below this gap the commit interval has to do. */
    private void commitSoon() {
        long nowMs = context.currentSystemTimeMs();
        if (nowMs - lastCommitMs >= LEAST_COMMIT_GAP_MS) {
            lastCommitMs = nowMs;
            context.commit();
        }
    }

    private RunMemory memory(String run, long generation) {
        RunMemory memory = known(run);
        return memory == null ? RunMemory.of(run, generation) : memory;
    }

    private @Nullable RunMemory known(String run) {
        RunMemory memory = memories.get(run);
        if (memory == null) {
            byte[] bytes = store.get(run);
            memory = bytes == null ? null : MemoryCodec.decode(bytes);
        }
        if (memory != null) {
            memories.put(run, memory);
        }
        return memory;
    }
}
