package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class MatrixBackendsTest {
    private final MatrixBackend fallback = new EjmlBackend();

    @Test
    void shouldFindOpenBlasHere() {
        MatrixBackends.Choice choice = MatrixBackends.detect();
        assertThat(choice.backend()).isInstanceOf(OpenBlasBackend.class);
        assertThat(choice.reason()).isEqualTo("OpenBLAS, 1 thread loaded");
    }

    @Test
    void shouldFallBackWhenTheLibraryDoesNotLoad() {
        Supplier<MatrixBackend> unlinked = () -> {
            throw new NoClassDefFoundError("org/bytedeco");
        };
        Supplier<MatrixBackend> broken = () -> {
            throw new IllegalStateException("outer", new UnsatisfiedLinkError("no jniopenblas in java.library.path"));
        };
        MatrixBackends.Choice choice = MatrixBackends.firstUsable(List.of(unlinked, broken), fallback);
        assertThat(choice.backend()).isSameAs(fallback);
        assertThat(choice.reason())
                .startsWith("EJML (pure Java) because the native library did not load: ")
                .endsWith("no jniopenblas in java.library.path");
    }

    @Test
    void shouldFallBackFromABackendThatMultipliesWrongly() {
        HostBackend wrong = new SilentBackend();
        MatrixBackends.Choice choice = MatrixBackends.firstUsable(List.of(() -> wrong), fallback);
        assertThat(choice.backend()).isSameAs(fallback);
        assertThat(choice.reason()).contains("silent multiplied wrongly");
    }

    @Test
    void shouldRefuseAThreadCountBelowOne() {
        assertThatThrownBy(() -> MatrixBackends.detect(0)).hasMessageContaining("give 1 or more");
    }

    /** Accepts every call and computes nothing. */
    private static final class SilentBackend extends HostBackend {
        @Override
        public String name() {
            return "silent";
        }

        @Override
        public double multiplyGram(FloatMatrix a, FloatMatrix v, FloatMatrix product, FloatMatrix gramProduct) {
            return 0;
        }

        @Override
        public void multiply(double alpha, FloatMatrix left, FloatMatrix right, double beta, FloatMatrix target) {}

        @Override
        public void smallGram(FloatMatrix a, FloatMatrix target) {}

        @Override
        public boolean decompose(FloatMatrix a, FloatMatrix left, FloatMatrix values, FloatMatrix right) {
            return true;
        }

        @Override
        public boolean singularValues(FloatMatrix a, FloatMatrix values) {
            return true;
        }
    }
}
