package io.instabilityguard.evaluation.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.fuzz.Fuzzing.Share;
import io.instabilityguard.guard.progress.Progress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FuzzingTest {
    private static final long SEED = 20_261_122;
    private static final int SLICE = 20_000;

    @Test
    void shouldFindNothingInASliceOfTheCampaign() {
        try (Fuzzing fuzzing = Fuzzing.ofEverything(SEED, Lab.home())) {
            FuzzReport report = fuzzing.run(SLICE, Progress.hidden());

            assertThat(report.findings()).isEmpty();
            assertThat(report.inputs()).isEqualTo(SLICE);
            assertThat(report.byTarget()).hasSize(5).allSatisfy((target, tally) -> {
                assertThat(tally.accepted()).as("accepted by " + target).isGreaterThan(tally.inputs() / 50);
                assertThat(tally.refused()).as("refused by " + target).isGreaterThan(tally.inputs() / 10);
            });
        }
    }

    @Test
    void shouldMakeTheSameInputsFromTheSameSeedAlone() {
        Finding first = run(SEED, FuzzingTest::forEver);

        assertThat(run(SEED, FuzzingTest::forEver).input()).isEqualTo(first.input());
        assertThat(run(SEED + 1, FuzzingTest::forEver).input()).isNotEqualTo(first.input());
    }

    @Test
    void shouldReportAnUndeclaredExceptionOnceWithItsFirstInput() {
        Finding finding = run(SEED, input -> {
            throw new IllegalStateException("boom");
        });

        assertThat(finding.problem()).contains("IllegalStateException: boom", "FuzzingTest");
        assertThat(finding.index()).isZero();
        assertThat(finding.count()).isEqualTo(10);
        assertThat(finding.input()).isNotEmpty();
    }

    @Test
    void shouldReportAStackOverflow() {
        assertThat(run(SEED, FuzzingTest::forEver).problem()).contains("StackOverflowError");
    }

    @Test
    void shouldReportAReasonOfSeveralLines() {
        Finding finding = run(SEED, input -> {
            throw new UnsupportedOperationException("one\ntwo");
        });

        assertThat(finding.problem()).startsWith("refused in several lines");
    }

    @Test
    void shouldReportMemoryOutOfProportion() {
        Finding finding = run(SEED, input -> assertThat(new byte[16 << 20]).isNotEmpty());

        assertThat(finding.problem()).startsWith("allocated 16");
    }

    private static void forEver(byte[] input) {
        List.of(input).forEach(FuzzingTest::forEver);
    }

    /** The only finding in ten inputs of a reader that declares {@link UnsupportedOperationException}. */
    private static Finding run(long seed, Reader reader) {
        try (Fuzzing fuzzing = new Fuzzing(seed, List.of(new Share(new Noise(reader), 1)))) {
            return fuzzing.run(10, Progress.hidden()).findings().get(0);
        }
    }

    private interface Reader {
        void read(byte[] input);
    }

    private record Noise(Reader reader) implements Target {
        @Override
        public String name() {
            return "noise";
        }

        @Override
        public byte[] input(RandomGenerator random) {
            return ByteBuffer.allocate(Long.BYTES).putLong(random.nextLong()).array();
        }

        @Override
        public void read(byte[] input) {
            reader.read(input);
        }

        @Override
        public Optional<String> refusal(Exception e) {
            return e instanceof UnsupportedOperationException ? Optional.of(e.getMessage()) : Optional.empty();
        }
    }
}
