package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.assertClose;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.constant;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.identity;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.withSingularValues;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many equal problems at once give on every backend what they give one by one, and none reaches its neighbours. */
abstract class BatchContract {
    /** Of sums of up to some hundred terms of size 1 in float32. */
    private static final float ROUNDING = 2e-4f;
    /** Relative; the order of sums may depend on the number of members. */
    private static final double CLOSE = 1e-5;

    private final MatrixBackend backend = backend();

    abstract MatrixBackend backend();

    private static FloatMatrix[] batch(int members, IntFunction<FloatMatrix> member) {
        return IntStream.range(0, members).mapToObj(member).toArray(FloatMatrix[]::new);
    }

    /** In the backend's own memory, side by side in one block. */
    private FloatMatrix[] own(FloatMatrix... matrices) {
        int rows = matrices[0].rows();
        int columns = matrices[0].columns();
        FloatMatrix block = backend.allocate(matrices.length * rows, columns);
        return batch(matrices.length, i -> {
            FloatMatrix here = block.rowsFrom(i * rows).reshaped(rows, columns);
            backend.write(elements(matrices[i]), here);
            return here;
        });
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "2,1,1", "3,5,7", "5,7,5", "4,1,300", "2,64,33", "7,300,1"})
    void shouldMultiplyEachByItsGramMatrix(int members, int rows, int columns) {
        FloatMatrix[] as = own(batch(members, i -> gaussian(rows, columns, i)));
        FloatMatrix[] vs = own(batch(members, i -> gaussian(columns, 1, 50 + i)));
        FloatMatrix[] products = own(batch(members, i -> constant(rows, 1, Float.NaN)));
        FloatMatrix[] gramProducts = own(batch(members, i -> constant(columns, 1, Float.NaN)));
        double[] sums = new double[members + 1];
        backend.multiplyGramEach(as, vs, products, gramProducts, sums);
        for (int i = 0; i < members; i++) {
            FloatMatrix product = backend.allocate(rows, 1);
            FloatMatrix gramProduct = backend.allocate(columns, 1);
            double sum = backend.multiplyGram(as[i], vs[i], product, gramProduct);
            assertThat(sums[i]).isCloseTo(sum, within(CLOSE * sum));
            assertClose(backend.read(products[i]), backend.read(product), ROUNDING);
            assertClose(backend.read(gramProducts[i]), backend.read(gramProduct), ROUNDING * Math.sqrt(sum));
        }
        assertThat(sums[members]).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1,3,2", "2,1,1", "5,20,30", "1030,2,1"})
    void shouldScaleAddAndSumEach(int members, int rows, int columns) {
        FloatMatrix[] xs = own(batch(members, i -> gaussian(rows, columns, i)));
        FloatMatrix[] ys = own(batch(members, i -> gaussian(rows, columns, 5000 + i)));
        FloatMatrix[] expected = own(batch(members, i -> gaussian(rows, columns, 5000 + i)));
        double[] factors =
                IntStream.rangeClosed(0, members).mapToDouble(i -> 0.5 - i).toArray();
        double[] sums = new double[members];
        backend.addEach(factors, xs, ys);
        backend.scaleEach(factors, ys, ys);
        backend.dotEach(xs, ys, sums);
        for (int i = 0; i < members; i++) {
            backend.add(factors[i], xs[i], expected[i]);
            backend.scale(factors[i], expected[i], expected[i]);
            assertThat(backend.read(ys[i])).containsExactly(backend.read(expected[i]));
            double sum = backend.dot(xs[i], expected[i]);
            assertThat(sums[i]).isCloseTo(sum, within(1e-9 * (1 + Math.abs(factors[i])) * rows * columns * 1e3));
        }
    }

    /** Some of a batch here and some there. */
    @Test
    void shouldTakeMatricesFromWhereverTheyLie() {
        FloatMatrix[] host = batch(3, i -> gaussian(4, 3, i));
        FloatMatrix[] mixed = own(host);
        mixed[1] = host[1];
        double[] sums = new double[3];
        backend.dotEach(host, mixed, sums);
        assertThat(sums[1]).isCloseTo(backend.dot(host[1], host[1]), within(1e-9));
        backend.scaleEach(new double[] {2, 2, 2}, host, mixed);
        assertThat(elements(mixed[1])[5]).isEqualTo(2 * elements(gaussian(4, 3, 1))[5]);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void shouldKeepABadMemberToItself(float bad) {
        FloatMatrix[] healthy = batch(4, i -> gaussian(6, 5, i));
        FloatMatrix[] as = own(healthy);
        backend.write(elements(constant(6, 5, bad)), as[2]);
        FloatMatrix[] vs = own(batch(4, i -> gaussian(5, 1, i)));
        FloatMatrix[] products = own(batch(4, i -> FloatMatrix.zeros(6, 1)));
        FloatMatrix[] gramProducts = own(batch(4, i -> FloatMatrix.zeros(5, 1)));
        double[] sums = new double[4];
        backend.multiplyGramEach(as, vs, products, gramProducts, sums);
        assertThat(sums[2])
                .satisfiesAnyOf(
                        sum -> assertThat(sum).isNaN(), sum -> assertThat(sum).isInfinite());
        for (int i : new int[] {0, 1, 3}) {
            double norm = TestMatrices.frobeniusNorm(healthy[i]);
            assertThat(sums[i]).isCloseTo(norm * norm, within(CLOSE * norm * norm));
            assertThat(backend.read(gramProducts[i])).doesNotContain(Float.NaN);
        }
        backend.dotEach(as, as, sums);
        assertThat(sums[1]).isCloseTo(backend.dot(as[1], as[1]), within(1e-9));
    }

    @Test
    void shouldAcceptNoMatrixAndEmptyOnes() {
        backend.scaleEach(new double[0], new FloatMatrix[0], new FloatMatrix[0]);
        assertThat(new SpectrumProbe(backend, 1).measureEach(List.of(), List.of()))
                .isEmpty();
        FloatMatrix[] empty = batch(2, i -> FloatMatrix.zeros(0, 3));
        double[] sums = {1, 1};
        backend.dotEach(empty, empty, sums);
        assertThat(sums).containsOnly(0);
        assertThat(new SpectrumProbe(backend, 2).measureEach(List.of(0, 1), List.of(empty)))
                .containsOnly(MatrixSpectrum.ZERO);
    }

    @Test
    void shouldRefuseWhatDoesNotBelongTogether() {
        FloatMatrix[] two = own(batch(2, i -> gaussian(2, 3, i)));
        FloatMatrix[] three = own(batch(3, i -> gaussian(2, 3, i)));
        FloatMatrix[] uneven = {two[0], own(gaussian(3, 2, 1))[0]};
        double[] numbers = new double[3];
        assertThatThrownBy(() -> backend.dotEach(two, three, numbers)).hasMessageContaining("2 and 3");
        assertThatThrownBy(() -> backend.scaleEach(numbers, two, uneven)).hasMessageContaining("of a batch");
        assertThatThrownBy(() -> backend.addEach(numbers, two, own(batch(2, i -> gaussian(3, 3, i)))))
                .hasMessageContaining("elements");
        assertThatThrownBy(() -> backend.multiplyGramEach(two, two, two, two, numbers))
                .hasMessageContaining("columns");
        assertThatThrownBy(() -> new SpectrumProbe(backend, 2).measureEach(List.of(0, 1), List.of(uneven)))
                .hasMessageContaining("of a batch");
        assertThatThrownBy(() -> new SpectrumProbe(backend, 2).measureEach(List.of(0), List.of(two)))
                .hasMessageContaining("slots and matrices");
    }

    /** Three samples of matrices that drift, one of which breaks, vanishes or jumps in between, and all go their own ways. */
    @ParameterizedTest
    @CsvSource({"24,24", "40,16", "16,40", "1,9"})
    void shouldMeasureEachAsIfAlone(int rows, int columns) {
        SpectrumProbe together = new SpectrumProbe(backend, 9);
        SpectrumProbe alone = new SpectrumProbe(backend, 9);
        for (int sample = 0; sample < 3; sample++) {
            FloatMatrix[] matrices = own(zoo(rows, columns, sample).toArray(FloatMatrix[]::new));
            List<Integer> slots = List.of(8, 1, 2, 3, 4, 5, 6, 7);
            List<MatrixSpectrum> spectra = together.measureEach(slots, List.of(matrices));
            for (int i = 0; i < slots.size(); i++) {
                assertSame(spectra.get(i), alone.measure(slots.get(i), matrices[i]));
            }
            double[] alignments = together.alignmentEach(List.of(8, 0, 3, 1, 5), List.of(2, 1, 4, 1, 1));
            assertThat(alignments[0]).isEqualTo(alone.alignment(8, 2), within(1e-3));
            assertThat(alignments[1]).isNaN();
            assertThat(alignments[3]).isEqualTo(alone.alignment(1, 1), within(1e-3));
        }
    }

    /** A gap, flat, rank one, not finite in the middle sample, huge, tiny, zero in the middle sample, jumping. */
    private static List<FloatMatrix> zoo(int rows, int columns, int sample) {
        List<FloatMatrix> zoo = new ArrayList<>();
        int k = Math.min(rows, columns);
        double[] values =
                IntStream.range(0, k).mapToDouble(i -> 5 * Math.pow(0.5, i)).toArray();
        zoo.add(drifted(withSingularValues(rows, columns, 3, values), sample));
        zoo.add(drifted(gaussian(rows, columns, 4), sample));
        zoo.add(drifted(withSingularValues(rows, columns, 5, 3), sample));
        FloatMatrix broken = gaussian(rows, columns, 6);
        broken.values().put(rows * columns / 2, sample == 1 ? Float.NaN : 1);
        zoo.add(broken);
        zoo.add(scaled(gaussian(rows, columns, 7), 1e25));
        zoo.add(scaled(gaussian(rows, columns, 8), 1e-30));
        zoo.add(sample == 1 ? FloatMatrix.zeros(rows, columns) : gaussian(rows, columns, 9));
        zoo.add(scaled(gaussian(rows, columns, 10 + sample), 1 + 9 * sample));
        return zoo;
    }

    private static FloatMatrix drifted(FloatMatrix a, int sample) {
        new EjmlBackend().add(1e-3 * sample, gaussian(a.rows(), a.columns(), 90 + sample), a);
        return a;
    }

    private static FloatMatrix scaled(FloatMatrix a, double factor) {
        new EjmlBackend().scale(factor, a, a);
        return a;
    }

    private static void assertSame(MatrixSpectrum found, MatrixSpectrum expected) {
        assertThat(found.finite()).isEqualTo(expected.finite());
        assertThat(found.iterations()).isEqualTo(expected.iterations());
        if (expected.finite()) {
            assertThat(found.frobeniusNorm())
                    .isCloseTo(expected.frobeniusNorm(), within(CLOSE * expected.frobeniusNorm()));
            assertThat(found.spectralNorm())
                    .isCloseTo(expected.spectralNorm(), within(CLOSE * expected.spectralNorm()));
            assertThat(found.residual()).isCloseTo(expected.residual(), within(1e-3));
        }
    }

    /** After a batch of three, one of five and one alone use what is there or make it larger. */
    @Test
    void shouldMeasureBatchesOfChangingSizes() {
        SpectrumProbe probe = new SpectrumProbe(backend, 5);
        for (int members : new int[] {3, 5, 1, 4}) {
            List<Integer> slots = IntStream.range(0, members).boxed().toList();
            List<MatrixSpectrum> spectra = probe.measureEach(slots, List.of(own(batch(members, i -> identity(6)))));
            assertThat(spectra)
                    .hasSize(members)
                    .allSatisfy(spectrum -> assertThat(spectrum.spectralNorm()).isCloseTo(1, within(1e-6)));
        }
    }
}
