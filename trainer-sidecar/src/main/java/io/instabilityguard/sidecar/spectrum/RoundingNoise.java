package io.instabilityguard.sidecar.spectrum;

/**
 * How much of a weight matrix is nothing but the rounding of the type it is stored in. MSign lifts every singular value to
 * ‖W‖F / √rank; the paper itself warns that at very low stable rank this "may excessively amplify minor singular values". Low
 * stable rank alone is no ground for refusal: it is what MSign is for (1 to 4 in the attention fault), and small singular values still carry
 * what was learnt. Values below the rounding of their own storage carry nothing.
 *
 * <p>The floor is the spectral norm that rounding errors have together: elementwise errors of u · rms(W) / √3 with no
 * structure, hence u ‖W‖F (√m + √n) / √(3mn), u = 2⁻⁸ for bfloat16 and 2⁻¹¹ for float16. For a square matrix that is an
 * amplification of √3 / 2u: 222 and 1,774.
 *
 * <p>A precaution, not a cure for something seen: on the reference model, attention weights squeezed towards rank one, MSign did no
 * lasting harm at any amplification tried (51,000 times in float32; 480 times in bfloat16, all of it rounding): the loss 60
 * to 100 steps later was that of the run without it, or better.
 *
 * @param share share of singular values at or below the floor
 * @param medianAmplification (‖W‖F / √n) / median singular value: how much MSign scales the middle direction; infinite when that is 0
 */
public record RoundingNoise(double share, double medianAmplification) {
    /** Above this share most of what MSign would lift is noise. Generous: one half. */
    public static final double LARGEST_SHARE = 0.5;

    /**
     * Noise of a matrix with these singular values.
     *
     * @param descending all singular values of the matrix, largest first, at least one above 0
     * @param rows rows of the matrix
     * @param columns columns of the matrix
     * @param unitRoundoff u, the largest relative rounding error of the storage type
     */
    public static RoundingNoise of(float[] descending, int rows, int columns, double unitRoundoff) {
        double squares = 0;
        for (float value : descending) {
            squares += (double) value * value;
        }
        double norm = Math.sqrt(squares);
        double sides = Math.sqrt(rows) + Math.sqrt(columns);
        double floor = unitRoundoff * norm * sides / Math.sqrt(3.0 * rows * columns);
        int noise = 0;
        for (float value : descending) {
            noise += value <= floor ? 1 : 0;
        }
        double median = descending[descending.length / 2];
        return new RoundingNoise((double) noise / descending.length, norm / Math.sqrt(descending.length) / median);
    }

    /** True when MSign would make noise the larger part of the matrix. */
    public boolean dominates() {
        return share > LARGEST_SHARE;
    }
}
