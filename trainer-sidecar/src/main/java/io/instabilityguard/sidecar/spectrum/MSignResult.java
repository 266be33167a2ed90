package io.instabilityguard.sidecar.spectrum;

/**
 * What {@link MSign} did to one matrix.
 *
 * @param outcome replaced, or why not
 * @param orthogonalityDefect ‖XᵀX − I‖F / √n of the polar factor X before rescaling, on its small side n; NaN when none was computed
 * @param before spectrum of the matrix as it came
 * @param after spectrum of the matrix as it is now; the same as {@code before} when not replaced
 */
public record MSignResult(Outcome outcome, double orthogonalityDefect, MatrixSpectrum before, MatrixSpectrum after) {

    /** Replaced, or the reason why the matrix was left as it was. */
    public enum Outcome {
        REPLACED("replaced by its rescaled polar factor"),
        EMPTY("the matrix has no elements"),
        ZERO("the matrix is zero and has no polar factor"),
        NON_FINITE("the matrix holds a NaN or an infinity"),
        NOISE("most singular values are the rounding of the stored type: rescaling would amplify noise"),
        NOT_CONVERGED("the polar factor could not be computed"),
        OVERFLOW("the rescaled polar factor leaves the range of float32");

        private final String reason;

        Outcome(String reason) {
            this.reason = reason;
        }

        /** One clear line for people. */
        public String reason() {
            return reason;
        }
    }

    /** True when the matrix now holds the rescaled polar factor. */
    public boolean replaced() {
        return outcome == Outcome.REPLACED;
    }

    /** The outcome's reason. */
    public String reason() {
        return outcome.reason();
    }
}
