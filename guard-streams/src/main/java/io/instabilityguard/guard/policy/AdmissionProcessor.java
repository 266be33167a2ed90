package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.PolicyRevision;
import io.instabilityguard.schemas.signature.RecordSignature;
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
        Record<String, PolicyInForce> admitted =
                record.withValue(revision == null ? null : inForce(revision, record.timestamp()));
        RecordSignature.remove(admitted.headers());
        context().forward(admitted);
    }

    private PolicyInForce inForce(PolicyRevision revision, long timestampMs) {
        RecordMetadata origin = context().recordMetadata().orElseThrow();
        return PolicyInForce.newBuilder()
                .setRevision(revision)
                .setRevisionOffset(origin.offset())
                .setPolicyHash(book.made(revision).hash())
                .setTimestampMs(timestampMs)
                .build();
    }
}
