package io.instabilityguard.evaluation.chaos.violation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MatricesTest {
    /** A rotation by 30 degrees times diag(3, 1): its polar factor is the rotation. */
    private static final float[] MATRIX = product(rotation(30), new float[] {3, 0, 0, 1});

    private static final float SCALE = (float) Math.sqrt(5);

    @Test
    void shouldKnowThePolarFactor() {
        assertThat(Matrices.isRescaledPolarFactor(MATRIX, scaled(rotation(30), SCALE)))
                .isTrue();
    }

    @Test
    void shouldRefuseAnotherRotation() {
        assertThat(Matrices.isRescaledPolarFactor(MATRIX, scaled(rotation(31), SCALE)))
                .isFalse();
        assertThat(Matrices.isRescaledPolarFactor(MATRIX, scaled(rotation(210), SCALE)))
                .isFalse();
    }

    @Test
    void shouldRefuseAnotherNorm() {
        assertThat(Matrices.isRescaledPolarFactor(MATRIX, rotation(30))).isFalse();
    }

    @Test
    void shouldRefuseTheMatrixItself() {
        assertThat(Matrices.isRescaledPolarFactor(MATRIX, MATRIX)).isFalse();
    }

    @Test
    void shouldKnowAMultiple() {
        assertThat(Matrices.isScaled(MATRIX, scaled(MATRIX, 0.5f), 0.5)).isTrue();
        assertThat(Matrices.isScaled(MATRIX, scaled(MATRIX, 0.5f), 0.50001)).isFalse();
    }

    private static float[] rotation(double degrees) {
        float cosine = (float) Math.cos(Math.toRadians(degrees));
        float sine = (float) Math.sin(Math.toRadians(degrees));
        return new float[] {cosine, -sine, sine, cosine};
    }

    private static float[] product(float[] a, float[] b) {
        return new float[] {
            a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]
        };
    }

    private static float[] scaled(float[] matrix, float factor) {
        float[] scaled = matrix.clone();
        for (int index = 0; index < scaled.length; index++) {
            scaled[index] *= factor;
        }
        return scaled;
    }
}
