package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.Reading;
import io.instabilityguard.guard.anomaly.Roster;
import io.instabilityguard.guard.anomaly.RunEvent;
import io.instabilityguard.guard.anomaly.RunEvent.LeaseClaimed;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.Mode;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;

final class DecisionProcessorTest {

    private static final Sinks SINKS = new Sinks("anomalies", "decisions", "commands", "runs", "leases", "shadow");

    private final Policy policy = PolicyReader.parse("", Mode.ENFORCE);
    private final MockProcessorContext<String, SpecificRecord> context =
            new MockProcessorContext<>(GuardConfig.local("unused:9092").streamsProperties());
    private final DecisionProcessor processor = new DecisionProcessor(new PolicyBook(policy, null), SINKS);
    private long nowMs = 1_000;

    @Test
    void shouldCommitAsSoonAsItCommands() {
        addStore(DecisionProcessor.STORE);
        addStore(DecisionProcessor.LEASE_STORE);
        processor.init(context);
        process(step(0, List.of()));
        process(new LeaseClaimed((LeaseClaim) forwarded(LeaseClaim.class), 0));
        context.resetCommit();

        process(step(1, List.of()));
        assertThat(context.committed())
                .as("a calm step waits for the commit interval")
                .isFalse();

        process(step(2, List.of(Reading.firing(spike(2)))));
        assertThat(forwarded(InterventionCommand.class)).isNotNull();
        assertThat(context.committed()).isTrue();
    }

    private void addStore(String name) {
        KeyValueStore<String, byte[]> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        context.addStateStore(store);
    }

    private void process(RunEvent event) {
        nowMs += 1_000;
        context.setCurrentSystemTimeMs(nowMs);
        processor.process(new Record<>(Telemetry.RUN, event, nowMs));
    }

    private SpecificRecord forwarded(Class<? extends SpecificRecord> type) {
        return context.forwarded().stream()
                .<SpecificRecord>map(capture -> capture.record().value())
                .filter(type::isInstance)
                .findFirst()
                .orElseThrow();
    }

    private StepInspected step(long step, List<Reading> readings) {
        Arrival arrival = step == 0 ? Arrival.NEW_GENERATION : Arrival.NEXT;
        return new StepInspected(
                policy,
                Telemetry.calm(step).build(),
                arrival,
                readings,
                2.5,
                100,
                Map.of(),
                List.of(),
                "",
                "",
                0,
                step,
                new Roster(10),
                0,
                step);
    }

    private static Finding spike(long step) {
        return new Finding(
                "gradient-spike",
                "gradientNorm",
                List.of(),
                50,
                1,
                6,
                step,
                step,
                Double.NaN,
                "it is 50 times its median");
    }
}
