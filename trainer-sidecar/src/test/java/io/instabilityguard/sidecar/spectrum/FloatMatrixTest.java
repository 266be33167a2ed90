package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class FloatMatrixTest {
    @Test
    void shouldBeRowMajor() {
        FloatMatrix a = FloatMatrix.of(2, 3, 1, 2, 3, 4, 5, 6);
        assertThat(a.get(1, 0)).isEqualTo(4);
        assertThat(a.smallSide()).isEqualTo(2);
        assertThat(TestMatrices.elements(a.rowsFrom(1))).containsExactly(4, 5, 6);
        assertThat(a.rowsFrom(2).isEmpty()).isTrue();
    }

    @Test
    void shouldShareTheMemoryOfItsViews() {
        FloatMatrix a = FloatMatrix.zeros(2, 2);
        a.rowsFrom(1).values().put(0, 7);
        assertThat(a.reshaped(4, 1).get(2, 0)).isEqualTo(7);
    }

    @Test
    void shouldRefuseWhatNoBackendCouldRead() {
        FloatBuffer four = FloatMatrix.zeros(2, 2).values();
        assertThatThrownBy(() -> new FloatMatrix(3, 2, four)).hasMessageContaining("buffer of only 4 elements");
        assertThatThrownBy(() -> new FloatMatrix(-1, 2, four)).hasMessageContaining("matrix of -1 x 2");
        assertThatThrownBy(() -> new FloatMatrix(1 << 20, 1 << 20, four)).hasMessageContaining("fit one buffer");
        assertThatThrownBy(() -> new FloatMatrix(1, 1, FloatBuffer.allocate(1))).hasMessageContaining("direct");
        assertThatThrownBy(() -> new FloatMatrix(1, 1, four.duplicate().position(1)))
                .hasMessageContaining("position 0");
        FloatBuffer bigEndian = ByteBuffer.allocateDirect(16).asFloatBuffer();
        assertThatThrownBy(() -> new FloatMatrix(1, 1, bigEndian)).hasMessageContaining("native-order");
    }
}
