package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.agreement.Agreement;
import io.instabilityguard.guard.agreement.Side;
import io.instabilityguard.guard.agreement.Tally;
import io.instabilityguard.guard.anomaly.RunEvent.Forgotten;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.AgreementTally;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.ShadowAgreement;
import io.instabilityguard.schemas.ShadowCommand;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Lets a shadow policy decide on what its detectors say, compares that with what the policy in force decided on the same step, and publishes where they agree. It can
 * publish nothing else: a shadow never acts. It hears of the policy in force first, and so of the verdicts on what was really commanded: where the shadow would have done the same at about the same
 * time, its ladder goes on from that outcome. Where it would have done something else nothing can be known of the effect, and its ladder goes on as in mode observe.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class ShadowProcessor implements Processor<String, Object, String, ShadowAgreement> {

    /** Name of the store of what is remembered of shadows. */
    public static final String STORE = "shadow-store";

    private static final String REASON = "it is only tried";

    private final PolicyBook policies;
    private final Map<String, ShadowMemory> memories = new HashMap<>();
    private final Map<String, InterventionLadder> ladders = new HashMap<>();
    private ProcessorContext<String, ShadowAgreement> context;
    private KeyValueStore<String, byte[]> store;
    private KeyValueStore<String, byte[]> inForce;

    /** A processor under these policies. */
    public ShadowProcessor(PolicyBook policies) {
        this.policies = policies;
    }

    @Override
    public void init(ProcessorContext<String, ShadowAgreement> newContext) {
        context = newContext;
        store = newContext.getStateStore(STORE);
        inForce = newContext.getStateStore(DecisionProcessor.STORE);
        memories.clear();
    }

    @Override
    public void process(Record<String, Object> record) {
        if (record.value() instanceof StepInspected step) {
            onStep(record, step);
        } else if (record.value() instanceof SpecificRecord made) {
            onMade(record, made);
        } else if (record.value() instanceof Forgotten) {
            memories.remove(record.key());
            ladders.clear();
            store.delete(record.key());
        }
    }

    /** Takes note of what the policy in force did. */
    private void onMade(Record<String, Object> record, SpecificRecord made) {
        ShadowMemory before = known(record.key());
        boolean counts = made instanceof Anomaly || made instanceof Decision;
        if (before != null && counts) {
            ShadowMemory after = before.with(before.agreement().after(Side.BASE, made, match -> {}));
            keepAndTell(record, before, hearing(record, after, made), stepOf(made), List.of());
        }
    }

    private ShadowMemory hearing(Record<String, Object> record, ShadowMemory shadow, SpecificRecord made) {
        byte[] bytes = inForce.get(record.key());
        if (bytes == null || !(made instanceof Decision decision) || decision.getAction() != DecisionAction.VERDICT) {
            return shadow;
        }
        RunMemory real = MemoryCodec.decode(bytes);
        return policies.shadowOf(record.key())
                .filter(policy -> policy.hash().equals(shadow.shadowHash())
                        && real.generation() == shadow.memory().generation())
                .flatMap(policy -> real.command(decision.getCommandId())
                        .map(command -> ladder(policy).hearing(shadow.memory(), command, decision, authority(record))))
                .map(ruling -> shadow.with(ruling.memory()))
                .orElse(shadow);
    }

    private void onStep(Record<String, Object> record, StepInspected event) {
        if (event.arrival() != Arrival.NEXT && event.arrival() != Arrival.NEW_GENERATION) {
            return;
        }
        ShadowMemory before = memory(record.key(), event);
        Ruling ruling = ladder(event.policy()).on(before.memory(), event, authority(record));
        Agreement agreement = before.agreement();
        for (SpecificRecord made : ruling.records()) {
            agreement = agreement.after(Side.CANDIDATE, made, match -> {});
        }
        ShadowMemory after = before.with(ruling.memory()).with(agreement);
        keepAndTell(record, before, after, event.telemetry().getStep(), commands(ruling));
    }

    /** Ladders are kept per policy; there are as many as there are shadows. */
    private InterventionLadder ladder(Policy policy) {
        return ladders.computeIfAbsent(policy.hash(), hash -> new InterventionLadder(policy));
    }

    /** A shadow is nobody's rival: it decides as if it held the run. */
    private Authority authority(Record<String, Object> record) {
        Lease.Seat seat = new Lease.Seat(context.applicationId(), REASON, record.timestamp());
        return new Authority(context.applicationId(), new Lease(seat, null, 0));
    }

    private static List<ShadowCommand> commands(Ruling ruling) {
        return ruling.records().stream()
                .filter(Decision.class::isInstance)
                .map(Decision.class::cast)
                .filter(decision -> decision.getAction() == DecisionAction.WOULD_COMMAND
                        && !decision.getCommandId().isEmpty())
                .map(decision -> new ShadowCommand(
                        decision.getCommandId(), decision.getEvidence().getDetector(), decision.getReason()))
                .toList();
    }

    private static long stepOf(SpecificRecord made) {
        return made instanceof Anomaly anomaly ? anomaly.getStep() : ((Decision) made).getStep();
    }

    private void keepAndTell(
            Record<String, Object> record,
            ShadowMemory before,
            ShadowMemory after,
            long step,
            List<ShadowCommand> commands) {
        if (!after.equals(before) || !memories.containsKey(record.key())) {
            store.put(record.key(), MemoryCodec.encode(after));
            memories.put(record.key(), after);
        }
        if (!after.agreement().equals(before.agreement()) || !commands.isEmpty()) {
            context.forward(record.withValue(agreement(after, record, step, commands)));
        }
    }

    private ShadowAgreement agreement(
            ShadowMemory memory, Record<String, Object> record, long step, List<ShadowCommand> commands) {
        Agreement asItStands = memory.agreement().concluded(match -> {});
        return ShadowAgreement.newBuilder()
                .setRun(record.key())
                .setGeneration(memory.memory().generation())
                .setStep(step)
                .setSinceStep(memory.sinceStep())
                .setPolicyHash(policies.of(record.key()).hash())
                .setShadowHash(memory.shadowHash())
                .setAlarms(tally(asItStands.alarms()))
                .setCommands(tally(asItStands.commands()))
                .setWouldCommand(commands)
                .setApplication(context.applicationId())
                .setTimestampMs(record.timestamp())
                .build();
    }

    private static AgreementTally tally(Tally tally) {
        return new AgreementTally(tally.both(), tally.onlyBase(), tally.onlyCandidate(), tally.leadSteps());
    }

    /** The memory of the shadow that looks at this step; a new shadow begins with that of the policy in force. */
    private ShadowMemory memory(String run, StepInspected event) {
        ShadowMemory known = known(run);
        if (known != null && known.shadowHash().equals(event.policy().hash())) {
            return known;
        }
        byte[] bytes = inForce.get(run);
        RunMemory begun =
                bytes == null ? RunMemory.of(run, event.telemetry().getGeneration()) : MemoryCodec.decode(bytes);
        return ShadowMemory.of(event.policy().hash(), event.telemetry().getStep(), begun, context.applicationId());
    }

    private @Nullable ShadowMemory known(String run) {
        ShadowMemory memory = memories.get(run);
        byte[] bytes = memory == null ? store.get(run) : null;
        if (bytes != null) {
            memory = MemoryCodec.decodeShadow(bytes);
            memories.put(run, memory);
        }
        return memory;
    }
}
