package io.instabilityguard.evaluation.evidence;

import org.jspecify.annotations.Nullable;

/**
 * How early one detector warns in one scenario, from runs that nobody saved (the guard records only).
 *
 * @param scenario the trainer's name
 * @param detector name in the policy; {@link #ANY} for the first alarm of all
 * @param lost runs whose loss departed
 * @param warned of them, raised at least one alarm before
 * @param medianLead steps from the first alarm to the departure, of the warned; null when there is none
 * @param p10Lead the lead that nine in ten of the warned runs exceed; null when there is none
 * @param falseAlarmsPer10k anomalies per 10,000 steps of the healthy twin; null without a measured twin
 */
public record DetectorSummary(
        String scenario,
        String detector,
        int lost,
        int warned,
        @Nullable Double medianLead,
        @Nullable Double p10Lead,
        @Nullable Double falseAlarmsPer10k) {
    /** Stands for all detectors together. */
    static final String ANY = "any";
}
