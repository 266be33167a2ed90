package io.instabilityguard.sidecar.spectrum.bench;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The numerics' benchmark behind {@code ./guard bench numerics}. */
public final class SpectrumBenchmark {

    private SpectrumBenchmark() {}

    /** Runs everything, one progress line per finished result to {@code progress}. */
    public static List<BenchResult> run(Consumer<String> progress) {
        throw new UnsupportedOperationException();
    }

    /** What the figures depend on: backend, processor, Java, the OpenBLAS environment variables as this process sees them. */
    public static Map<String, String> environment() {
        throw new UnsupportedOperationException();
    }
}
