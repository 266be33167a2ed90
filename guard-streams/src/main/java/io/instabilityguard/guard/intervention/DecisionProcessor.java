package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent;
import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.Forgotten;
import io.instabilityguard.guard.anomaly.RunEvent.LeaseClaimed;
import io.instabilityguard.guard.anomaly.RunEvent.OperatorAsked;
import io.instabilityguard.guard.anomaly.RunEvent.Silent;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.operator.Instruction;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.signature.RecordSignature;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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

    /** Name of the store of leases. */
    public static final String LEASE_STORE = "lease-store";

    private static final long LEAST_COMMIT_GAP_MS = 20;
    private static final int MOST_LADDERS = 1_000;

    private final PolicyBook policies;
    private final Map<String, InterventionLadder> ladders = new HashMap<>();
    private final Sinks sinks;
    private final Map<String, RunMemory> memories = new HashMap<>();
    private final Map<String, RunState> published = new HashMap<>();
    private final Set<String> claimed = new HashSet<>();
    private ProcessorContext<String, SpecificRecord> context;
    private KeyValueStore<String, byte[]> store;
    private LeaseStore leases;
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
        leases = new LeaseStore(newContext.getStateStore(LEASE_STORE));
        claimed.clear();
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
        } else if (event instanceof OperatorAsked asked) {
            onAsked(record, asked);
        } else if (event instanceof LeaseClaimed claim) {
            onClaim(record, claim);
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
        Authority authority = authority(record.key());
        claimOnce(record, authority);
        RunMemory after =
                isNew ? carryOut(record, memory, ladder(event.policy()).on(memory, event, authority)) : memory;
        RunState state = RunStates.heard(after, event, authority);
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
            Policy policy = policies.of(record.key());
            carryOut(record, memory, ladder(policy).on(memory, event, authority(record.key())));
        }
    }

    /** The ladder of a policy. As many as there are policies are kept, within reason. */
    private InterventionLadder ladder(Policy policy) {
        if (ladders.size() >= MOST_LADDERS) {
            ladders.clear();
        }
        return ladders.computeIfAbsent(policy.hash(), hash -> new InterventionLadder(policy));
    }

    /** What an operator asks for waits for the run's next step. Without a run that is known it is a dead letter. */
    private void onAsked(Record<String, RunEvent> record, OperatorAsked event) {
        if (authority(record.key()).isBystander()) {
            return;
        }
        RunMemory memory = known(record.key());
        if (memory == null || memory.desk().inbox().size() >= Desk.MOST_INSTRUCTIONS) {
            throw new IllegalArgumentException(
                    memory == null ? "no such run is known" : "too much waits already for the run's next step");
        }
        Instruction instruction = Instruction.of(event.action());
        remember(record.key(), memory.withDesk(memory.desk().receiving(instruction)));
    }

    /** Sidecars learn of a new epoch at once, so that they refuse what an earlier holder commanded. */
    private void onClaim(Record<String, RunEvent> record, LeaseClaimed event) {
        Lease before = leases.of(record.key());
        Lease after = before.after(event.claim(), event.offset());
        if (after.equals(before)) {
            return;
        }
        leases.keep(record.key(), after);
        RunMemory memory = known(record.key());
        RunState last = published.get(record.key());
        if (memory != null && last != null && !before.holder().isEmpty()) {
            publishNews(record, RunStates.under(authority(record.key()), memory, last));
        }
    }

    private void claimOnce(Record<String, RunEvent> record, Authority authority) {
        if (authority.lease().inCharge().isEmpty() && claimed.add(record.key())) {
            context.forward(record.withValue(authority.claim(record.key(), record.timestamp())), sinks.leases());
            commitSoon();
        }
    }

    private Authority authority(String run) {
        return new Authority(context.applicationId(), leases.of(run));
    }

    private void onSilent(Record<String, RunEvent> record, Silent event) {
        RunMemory memory = known(record.key());
        if (memory != null) {
            publishNews(record, RunStates.silent(memory, event, authority(record.key())));
        }
    }

    /** Nothing of the run is kept but its chain of decisions: begun anew, it could not be told from a forged one. */
    private void forget(Record<String, RunEvent> record) {
        RunMemory memory = known(record.key());
        memories.remove(record.key());
        published.remove(record.key());
        claimed.remove(record.key());
        if (memory == null || memory.decisions() == 0) {
            store.delete(record.key());
        } else {
            store.put(record.key(), MemoryCodec.encode(memory.inGeneration(memory.generation())));
        }
    }

    private RunMemory carryOut(Record<String, RunEvent> record, RunMemory before, Ruling ruling) {
        RunMemory after = ruling.memory();
        if (!after.equals(before) || !memories.containsKey(record.key())) {
            remember(record.key(), after);
        }
        boolean bystander = authority(record.key()).isBystander();
        ruling.records().stream()
                .filter(made -> !(bystander && made instanceof Anomaly))
                .forEach(made -> context.forward(record.withValue(made), sinkOf(made)));
        if (policies.shadowOf(record.key()).isPresent()) {
            ruling.records().forEach(made -> context.forward(record.withValue(made), sinks.shadow()));
        }
        if (ruling.records().stream().anyMatch(InterventionCommand.class::isInstance)) {
            commitSoon();
        }
        return after;
    }

    private void remember(String run, RunMemory memory) {
        store.put(run, MemoryCodec.encode(memory));
        memories.put(run, memory);
    }

    private String sinkOf(SpecificRecord made) {
        if (made instanceof Anomaly) {
            return sinks.anomalies();
        }
        return made instanceof Decision ? sinks.decisions() : sinks.commands();
    }

    /** A run has one state, which the guard in charge publishes. */
    private void publish(Record<String, RunEvent> record, RunState state) {
        published.put(record.key(), state);
        if (!authority(record.key()).isBystander()) {
            Record<String, SpecificRecord> told = record.withValue(state);
            RecordSignature.remove(told.headers()); // it may be that of the claim that led to this
            context.forward(told, sinks.runs());
        }
    }

    private void publishNews(Record<String, RunEvent> record, RunState state) {
        if (isNews(state)) {
            publish(record, state);
        }
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
