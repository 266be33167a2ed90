package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.PolicyRevision;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Turns revisions that were found good into policies in force, and a withdrawal into the end of one. */
public final class AdmissionProcessor extends ContextualProcessor<String, PolicyRevision, String, PolicyInForce> {

    private final PolicyBook book;

    /** A processor that lays revisions over the policy of this book. */
    public AdmissionProcessor(PolicyBook book) {
        this.book = book;
    }

    @Override
    public void process(Record<String, PolicyRevision> record) {
        PolicyRevision revision = record.value();
        if (revision == null) {
            context().forward(record.withValue(null));
            return;
        }
        RecordMetadata origin = context().recordMetadata().orElseThrow();
        context()
                .forward(record.withValue(PolicyInForce.newBuilder()
                        .setRevision(revision)
                        .setRevisionOffset(origin.offset())
                        .setPolicyHash(book.made(revision).hash())
                        .setTimestampMs(record.timestamp())
                        .build()));
    }
}
