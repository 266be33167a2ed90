package io.instabilityguard.sidecar.sample;

/**
 * What is measured of a sample beyond the spectra of the weights.
 *
 * @param profilesEvery Koopman profiles and block Jacobians at every so many samples; 0: never
 * @param increments whether the weights of the previous sample are kept (4 bytes per tracked parameter, 8 for queries and keys) to
 *     measure exactly what changed; else update ratios are estimated, and those of weights that only the device reads not known
 */
public record SampleSettings(int profilesEvery, boolean increments) {
    /** Profiles at every fifth sample, no increments. */
    public static final SampleSettings DEFAULT = new SampleSettings(5, false);
}
