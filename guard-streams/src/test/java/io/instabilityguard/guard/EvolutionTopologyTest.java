package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.intervention.DecisionChain;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * An upgrade from the release before. {@code evolution/v2.tsv} was written by the guard of release v2 (commit 2b1e422) in its driver: the changelogs of its stores
 * at a restart, what it had published {@code before}, the {@code input} that followed, and what it published {@code after} on that; key and value in Base64.
 * One run has anomalies and commands on their way, another one two ranks whose spectra and mixing are being gathered.
 */
final class EvolutionTopologyTest {

    /** Makes the default policy that of release v2 again: under another one baselines are learned anew. */
    private static final String POLICY_OF_V2 = """
            signals:
              {loss-surprise: null, loss-growth: null, attention-logit-climb: null, mlp-update-ratio: null, hyper-connection-gain-growth: null}
            detectors:
              loss-shock: null
              climbing-logits: null
              large-updates: null
              gradient-blow-up: null
              gradient-spike: {above: {gradient-ratio: 6.0, loss-surprise: null, loss-deviation: 0.5}}
              logit-surge: null
              hyper-connection-surge: null
              hyper-connection-gain: {above: {hyper-connection-gain: 3.4012}}
              hyper-connection-spread: {above: {hyper-connection-token-spread: 1.8}}
              logit-jump: {above: {attention-logit: 30.0}}
            interventions:
              quarter-learning-rate: null
              rewind: {enabled: false, when: null, retry-steps: null, yields-to: null, parameters: {backSteps: 100}}
              sample-more-often: {enabled: false, when: null, while-elevated: null, verdict: null}
              clip-attention-logits:
                {when: [exploding-logits], while-elevated: null, retry-steps: null, cooldown-steps: 2, parameters: {threshold: 100}}
              switch-hyper-connections: {when: [hyper-connection-gain, hyper-connection-spread, hyper-connection-growth]}
              cut-learning-rate:
                {when: [gradient-spike, loss-spike, logit-jump], yields-to: [switch-hyper-connections, clip-attention-logits]}
            """;

    private final List<Line> lines = read();
    private final GuardDriver guard = TopologyCase.enforcing(POLICY_OF_V2);

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void shouldGoOnFromTheStateOfTheReleaseBefore() {
        restore();
        lines.stream()
                .filter(line -> line.part().equals("input"))
                .forEach(line -> guard.sendBytes(topic(line), line.key(), line.value()));

        assertThat(guard.deadLetters()).isEmpty();
        assertThat(guard.count("new-generation")).isZero();
        assertThat(guard.read(Topics.COMMANDS))
                .usingRecursiveFieldByFieldElementComparatorOnFields("id", "layers", "parameters", "applyAtStep")
                .hasSize(5)
                .isEqualTo(published("after", Topics.COMMANDS));
        assertThat(told(guard.anomalies())).isEqualTo(told(published("after", Topics.ANOMALIES)));
        assertThat(guard.read(Topics.DECISIONS))
                .satisfies(
                        decisions -> assertThat(said(decisions)).isEqualTo(said(published("after", Topics.DECISIONS))))
                .satisfies(this::chainsTo);
    }

    @Test
    void shouldReadTheRecordsOfTheReleaseBefore() {
        assertThat(lines)
                .filteredOn(line -> !line.part().equals("changelog"))
                .hasSizeGreaterThan(300)
                .allSatisfy(line -> assertThat(GuardDriver.<SpecificRecord>decode(topic(line), line.value()))
                        .extracting(record ->
                                record.get(record.getSchema().getField("run").pos()))
                        .isEqualTo(line.key()));
    }

    private void restore() {
        lines.stream().filter(line -> line.part().equals("changelog")).forEach(line -> {
            boolean isSlot = line.topic().equals(DetectionProcessor.SLOT_STORE);
            Object value = isSlot ? GuardDriver.decode(Topics.TELEMETRY, line.value()) : line.value();
            guard.put(line.topic(), line.key(), value);
        });
    }

    /** The first decision of each run names the last one of the release before, and all are intact. */
    private void chainsTo(List<? extends Decision> decisions) {
        Map<String, String> last = new HashMap<>();
        published("before", Topics.DECISIONS).forEach(decision -> last.put(decision.getRun(), decision.getHash()));
        assertThat(last).isNotEmpty();
        for (Decision decision : decisions) {
            assertThat(decision.getPreviousHash()).isEqualTo(last.getOrDefault(decision.getRun(), ""));
            assertThat(DecisionChain.isIntact(decision)).isTrue();
            last.put(decision.getRun(), decision.getHash());
        }
    }

    private static List<String> told(List<Anomaly> anomalies) {
        return describe(
                anomalies,
                anomaly -> anomaly.getId() + " " + anomaly.getTransition() + " " + anomaly.getStep() + " "
                        + anomaly.getMessage());
    }

    private static List<String> said(List<? extends Decision> decisions) {
        return describe(
                decisions,
                decision -> decision.getSequence() + " " + decision.getStep() + " " + decision.getAction() + " "
                        + decision.getCommandId() + " " + decision.getVerdict() + " " + decision.getReason());
    }

    private static <V> List<String> describe(List<? extends V> records, Function<V, String> description) {
        return records.stream().map(description).toList();
    }

    private <V extends SpecificRecord> List<V> published(String part, Topic<V> topic) {
        return lines.stream()
                .filter(line -> line.part().equals(part) && line.topic().equals(topic.name()))
                .map(line -> GuardDriver.decode(topic, line.value()))
                .toList();
    }

    @SuppressWarnings("unchecked") // the caller wants any record
    private static Topic<SpecificRecord> topic(Line line) {
        return (Topic<SpecificRecord>) Topics.all().stream()
                .filter(topic -> topic.name().equals(line.topic()))
                .findFirst()
                .orElseThrow();
    }

    private static List<Line> read() {
        try (InputStream in = EvolutionTopologyTest.class.getResourceAsStream("/evolution/v2.tsv")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split("\t"))
                    .map(cells -> new Line(
                            cells[0], cells[1], cells[2], Base64.getDecoder().decode(cells[3])))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** One record: of which part, in which topic or store. */
    private record Line(String part, String topic, String key, byte[] value) {}
}
