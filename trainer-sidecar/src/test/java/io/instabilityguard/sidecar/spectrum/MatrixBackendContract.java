package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.assertClose;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.constant;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link MatrixBackend} must do, against sums written out in double and EJML's double decomposition. */
abstract class MatrixBackendContract {
    /** float32 has 24 bits; sums of up to a few hundred terms of size 1 stay within this. */
    static final float ROUNDING = 2e-4f;

    private final MatrixBackend backend = backend();

    abstract MatrixBackend backend();

    static Stream<Arguments> shapes() {
        Stream<Arguments> small = IntStream.rangeClosed(1, 9)
                .boxed()
                .flatMap(rows -> IntStream.rangeClosed(1, 9).mapToObj(columns -> Arguments.of(rows, columns)));
        return Stream.concat(
                small,
                Stream.of(Arguments.of(3, 400), Arguments.of(400, 3), Arguments.of(300, 257), Arguments.of(1, 1000)));
    }

    @Test
    void shouldSayItsName() {
        assertThat(backend.name()).isNotBlank();
    }

    @Test
    void shouldWriteAndRead() {
        FloatMatrix a = backend.allocate(2, 3);
        assertThat(backend.read(a)).containsOnly(0);
        backend.write(new float[] {1, 2, 3, 4, 5, 6}, a);
        assertThat(backend.read(a)).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldMultiply(int rows, int columns) {
        FloatMatrix left = gaussian(rows, columns, 1);
        FloatMatrix right = gaussian(columns, 5, 2);
        FloatMatrix target = gaussian(rows, 5, 3);
        FloatMatrix old = TestMatrices.copyOf(target);
        backend.multiply(0.5, left, right, -2, target);
        float[] expected = new float[target.size()];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < 5; j++) {
                double sum = -2 * old.get(i, j);
                for (int k = 0; k < columns; k++) {
                    sum += 0.5 * left.get(i, k) * right.get(k, j);
                }
                expected[i * 5 + j] = (float) sum;
            }
        }
        assertClose(elements(target), expected, ROUNDING);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 40})
    void shouldNotReadAProductsOldTarget(int n) {
        FloatMatrix target = constant(n, n, Float.NaN);
        backend.multiply(1, gaussian(n, n, 1), gaussian(n, n, 2), 0, target);
        assertThat(elements(target)).doesNotContain(Float.NaN);
    }

    @Test
    void shouldMultiplyOverAnEmptyInnerSide() {
        FloatMatrix target = constant(2, 2, 3);
        backend.multiply(1, FloatMatrix.zeros(2, 0), FloatMatrix.zeros(0, 2), 1, target);
        assertThat(elements(target)).containsOnly(3);
    }

    /** The same product with every operand in the backend's own memory, and one row block of it. */
    @ParameterizedTest
    @MethodSource("shapes")
    void shouldMultiplyInItsOwnMemory(int rows, int columns) {
        FloatMatrix left = gaussian(rows, columns, 1);
        FloatMatrix right = gaussian(columns, 5, 2);
        FloatMatrix expected = FloatMatrix.zeros(rows, 5);
        backend.multiply(1, left, right, 0, expected);
        FloatMatrix ownLeft = own(left);
        FloatMatrix target = backend.allocate(rows, 5);
        backend.multiply(1, ownLeft, own(right), 0, target);
        assertThat(backend.read(target)).containsExactly(elements(expected));
        FloatMatrix last = backend.allocate(1, 5);
        backend.multiply(1, ownLeft.rowsFrom(rows - 1), own(right), 0, last);
        assertClose(backend.read(last), elements(expected.rowsFrom(rows - 1)), ROUNDING);
    }

    private FloatMatrix own(FloatMatrix matrix) {
        FloatMatrix own = backend.allocate(matrix.rows(), matrix.columns());
        backend.write(elements(matrix), own);
        return own;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldMultiplyByTheGramMatrixInOnePass(int rows, int columns) {
        FloatMatrix a = gaussian(rows, columns, 4);
        FloatMatrix v = gaussian(columns, 1, 5);
        FloatMatrix product = constant(rows, 1, Float.NaN);
        FloatMatrix gramProduct = constant(columns, 1, Float.NaN);
        double sumOfSquares = backend.multiplyGram(a, v, product, gramProduct);
        double norm = TestMatrices.frobeniusNorm(a);
        assertThat(sumOfSquares).isCloseTo(norm * norm, within(1e-5 * norm * norm));
        FloatMatrix expectedProduct = FloatMatrix.zeros(rows, 1);
        backend.multiply(1, a, v, 0, expectedProduct);
        assertClose(elements(product), elements(expectedProduct), ROUNDING);
        float[] expected = new float[columns];
        for (int j = 0; j < columns; j++) {
            double sum = 0;
            for (int i = 0; i < rows; i++) {
                sum += (double) a.get(i, j) * product.get(i, 0);
            }
            expected[j] = (float) sum;
        }
        assertClose(elements(gramProduct), expected, ROUNDING * norm);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void shouldReportNonFiniteElementsInTheSumOfSquares(float bad) {
        for (int at : new int[] {0, 7, 90 * 90 - 1}) {
            FloatMatrix a = gaussian(90, 90, 6);
            a.values().put(at, bad);
            double sum =
                    backend.multiplyGram(a, gaussian(90, 1, 7), FloatMatrix.zeros(90, 1), FloatMatrix.zeros(90, 1));
            assertThat(Double.isFinite(sum)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldMakeTheSmallerGramMatrix(int rows, int columns) {
        FloatMatrix a = gaussian(rows, columns, 8);
        int n = a.smallSide();
        FloatMatrix gram = constant(n, n, Float.NaN);
        backend.smallGram(a, gram);
        float[] expected = new float[n * n];
        for (int at = 0; at < n * n; at++) {
            int i = at / n;
            int j = at % n;
            double sum = 0;
            for (int k = 0; k < Math.max(rows, columns); k++) {
                sum += rows <= columns ? (double) a.get(i, k) * a.get(j, k) : (double) a.get(k, i) * a.get(k, j);
            }
            expected[at] = (float) sum;
        }
        assertClose(elements(gram), expected, 5 * ROUNDING);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldDecompose(int rows, int columns) {
        FloatMatrix a = gaussian(rows, columns, 9);
        int k = a.smallSide();
        FloatMatrix left = backend.allocate(rows, k);
        FloatMatrix values = backend.allocate(k, 1);
        FloatMatrix right = backend.allocate(k, columns);
        assertThat(backend.decompose(TestMatrices.copyOf(a), left, values, right))
                .isTrue();
        float[] found = backend.read(values);
        assertThat(toDoubles(found)).containsExactly(TestMatrices.singularValues(a), within(1e-4));
        float[] scaled = backend.read(left);
        for (int at = 0; at < scaled.length; at++) {
            scaled[at] *= found[at % k];
        }
        backend.write(scaled, left);
        FloatMatrix product = backend.allocate(rows, columns);
        backend.multiply(1, left, right, 0, product);
        assertClose(backend.read(product), elements(a), ROUNDING);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldFindSingularValues(int rows, int columns) {
        FloatMatrix a = gaussian(rows, columns, 10);
        FloatMatrix values = backend.allocate(a.smallSide(), 1);
        assertThat(backend.singularValues(TestMatrices.copyOf(a), values)).isTrue();
        assertThat(toDoubles(backend.read(values))).containsExactly(TestMatrices.singularValues(a), within(1e-4));
    }

    @Test
    void shouldScaleInDouble() {
        FloatMatrix a = FloatMatrix.of(1, 3, 1e38f, -1e38f, 0);
        backend.scale(1e-76, a, a);
        assertThat(elements(a)).containsExactly(1e-38f, -1e-38f, 0);
    }

    @Test
    void shouldAddAMultiple() {
        FloatMatrix target = FloatMatrix.of(2, 2, 1, 2, 3, 4);
        backend.add(-0.5, FloatMatrix.of(2, 2, 2, 4, 6, 10), target);
        assertThat(elements(target)).containsExactly(0, 0, 0, -1);
    }

    @Test
    void shouldAddToTheDiagonal() {
        FloatMatrix square = FloatMatrix.of(2, 2, 1, 2, 3, 4);
        backend.addToDiagonal(10, square);
        assertThat(elements(square)).containsExactly(11, 2, 3, 14);
    }

    @Test
    void shouldSumProductsWithoutOverflow() {
        FloatMatrix huge = constant(3, 3, 1e38f);
        assertThat(backend.dot(huge, huge)).isCloseTo(9e76, within(1e70));
        FloatMatrix a = gaussian(7, 3, 11);
        double norm = TestMatrices.frobeniusNorm(a);
        assertThat(backend.dot(a, a)).isCloseTo(norm * norm, within(1e-9));
    }

    @Test
    void shouldFindTheLargestMagnitude() {
        assertThat(backend.largestMagnitude(FloatMatrix.zeros(0, 3))).isZero();
        assertThat(backend.largestMagnitude(FloatMatrix.of(1, 3, 1, -3, 2))).isEqualTo(3);
        assertThat(backend.largestMagnitude(FloatMatrix.of(1, 3, 1, Float.NaN, 2)))
                .isNaN();
        assertThat(backend.largestMagnitude(FloatMatrix.of(1, 2, Float.NEGATIVE_INFINITY, 2)))
                .isInfinite();
    }

    @ParameterizedTest
    @MethodSource("emptyShapes")
    void shouldAcceptEmptyMatrices(int rows, int columns) {
        FloatMatrix a = FloatMatrix.zeros(rows, columns);
        FloatMatrix product = constant(rows, 1, 1);
        FloatMatrix gramProduct = constant(columns, 1, 1);
        assertThat(backend.multiplyGram(a, FloatMatrix.zeros(columns, 1), product, gramProduct))
                .isZero();
        assertThat(elements(product)).containsOnly(new float[rows]);
        assertThat(elements(gramProduct)).containsOnly(new float[columns]);
        backend.smallGram(a, FloatMatrix.zeros(0, 0));
        assertThat(backend.singularValues(a, FloatMatrix.zeros(0, 1))).isTrue();
        assertThat(backend.decompose(
                        a, FloatMatrix.zeros(rows, 0), FloatMatrix.zeros(0, 1), FloatMatrix.zeros(0, columns)))
                .isTrue();
        assertThat(backend.dot(a, a)).isZero();
    }

    static Stream<Arguments> emptyShapes() {
        return Stream.of(Arguments.of(0, 0), Arguments.of(0, 3), Arguments.of(3, 0));
    }

    @Test
    void shouldRefuseShapesThatDoNotAgree() {
        FloatMatrix a = FloatMatrix.zeros(2, 3);
        FloatMatrix square = FloatMatrix.zeros(3, 3);
        assertThatThrownBy(() -> backend.multiply(1, a, a, 0, square)).hasMessageContaining("inner sides");
        assertThatThrownBy(() -> backend.smallGram(a, square)).hasMessageContaining("small side");
        assertThatThrownBy(() -> backend.multiplyGram(a, a, a, a)).hasMessageContaining("columns");
        assertThatThrownBy(() -> backend.add(1, a, square)).hasMessageContaining("elements");
        assertThatThrownBy(() -> backend.addToDiagonal(1, a)).hasMessageContaining("rows and columns");
        assertThatThrownBy(() -> backend.singularValues(a, square)).hasMessageContaining("singular values");
    }

    private static double[] toDoubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
