package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Keeps records below what Kafka's producer takes: a profile without its eigenvalues is worth more than no record. */
record RecordBound(int bytes, SidecarMetrics metrics) {
    /** The record; without eigenvalues when it is too large, and then without omissions when it still is. */
    StepTelemetry trimmed(StepTelemetry record) {
        if (!mayBeLarge(record) || size(record) <= bytes) {
            return record;
        }
        metrics.telemetryTrimmed();
        StepTelemetry lean = StepTelemetry.newBuilder(record)
                .setKoopman(record.getKoopman().stream()
                        .map(RecordBound::withoutEigenvalues)
                        .toList())
                .build();
        return size(lean) <= bytes
                ? lean
                : StepTelemetry.newBuilder(lean).setOmissions(List.of()).build();
    }

    /** Plain steps are not measured. */
    private static boolean mayBeLarge(StepTelemetry record) {
        return !record.getKoopman().isEmpty() || !record.getOmissions().isEmpty();
    }

    private static KoopmanProfile withoutEigenvalues(KoopmanProfile profile) {
        return KoopmanProfile.newBuilder(profile).setEigenvalues(List.of()).build();
    }

    private static int size(StepTelemetry record) {
        try {
            return StepTelemetry.getEncoder().encode(record).remaining();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
