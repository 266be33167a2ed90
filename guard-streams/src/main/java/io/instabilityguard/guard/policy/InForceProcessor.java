package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.signature.SignatureProblem;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enters the policies in force, all of them in every process, into the book, from the beginning of their topic at every start. One that this process cannot use
 * (its own policy file differs from that of the process that found it good) is told in the log and leaves the one before in force.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class InForceProcessor implements Processor<String, PolicyInForce, Void, Void> {

    /** Name of the global store. */
    public static final String STORE = "policies-in-force-store";

    private static final Logger LOG = LoggerFactory.getLogger(InForceProcessor.class);

    private final PolicyBook book;
    private KeyValueStore<String, PolicyInForce> store;

    /** A processor that writes into this book. */
    public InForceProcessor(PolicyBook book) {
        this.book = book;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, PolicyInForce> record) {
        PolicyInForce policy = record.value();
        try {
            book.enter(
                    record.key(), policy == null ? null : policy.getRevision().getPolicy());
            store.put(record.key(), policy);
            LOG.info("policy for runs {} is {}", record.key(), policy == null ? "withdrawn" : policy.getPolicyHash());
        } catch (PolicyException e) {
            LOG.error(
                    "policy for runs {} does not fit the policy of this process, the one before stays in force: {}",
                    record.key(),
                    e.getMessage());
        }
    }

    /** Tells of a record that no guard signed: it changes nothing. */
    public void refuse(Record<String, byte[]> record, SignatureProblem problem) {
        LOG.error(
                "what the topic of policies in force holds for runs {} is refused: {}. If it is older than the guard's key, apply that policy again",
                record.key(),
                problem.reason());
    }
}
