package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.DeviceCheck;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackends;
import io.instabilityguard.sidecar.spectrum.cuda.CudaBackend;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code ./guard doctor}: what this machine has for the guard, one line each. Exit code 0 when training under the guard can begin, 3 when
 * Python with torch is missing or the numerics compute wrongly; that there is no GPU is no fault.
 */
public final class DoctorMain {
    private static final int NOT_READY = 3;
    private static final String ASK_TORCH =
            "import platform, torch; print(platform.python_version(), torch.__version__, "
                    + "('CUDA ' + str(torch.version.cuda)) if torch.version.cuda else 'without CUDA', "
                    + "'sees %d GPUs' % torch.cuda.device_count(), sep=', ')";

    /**
     * One line.
     *
     * @param about what it is about
     * @param finding what was found
     * @param ready whether training can begin with it
     */
    record Line(String about, String finding, boolean ready) {}

    private DoctorMain() {}

    /** Looks, says, exits. */
    public static void main(String[] arguments) {
        List<Line> lines = examine(System.getenv());
        lines.forEach(line -> System.out.printf("%-9s %s%n", line.about(), line.finding()));
        System.exit(lines.stream().allMatch(Line::ready) ? 0 : NOT_READY);
    }

    static List<Line> examine(Map<String, String> environment) {
        MatrixBackends.Choice cpu = MatrixBackends.detect();
        return List.of(java(), python(environment.get("GUARD_PYTHON")), numerics(cpu), gpu(cpu));
    }

    private static Line java() {
        Runtime runtime = Runtime.getRuntime();
        return new Line(
                "Java",
                System.getProperty("java.version") + " on " + System.getProperty("os.arch") + ", "
                        + runtime.availableProcessors() + " processors, heap up to " + (runtime.maxMemory() >> 20)
                        + " MiB",
                true);
    }

    private static Line numerics(MatrixBackends.Choice cpu) {
        String wrong =
                DeviceCheck.disagreement(cpu.backend(), new EjmlBackend()).orElse("");
        return new Line(
                "Numerics",
                cpu.reason() + "; self-check " + (wrong.isEmpty() ? "passed" : "FAILED: " + wrong),
                wrong.isEmpty());
    }

    private static Line gpu(MatrixBackends.Choice cpu) {
        CudaBackend.Found found = CudaBackend.open(cpu.backend());
        found.backend().ifPresent(DeviceBackend::close);
        return new Line(
                "GPU",
                found.backend().isEmpty()
                        ? found.reason()
                        : found.reason() + "; self-check passed; used when numerics.backend is cuda",
                true);
    }

    private static Line python(@Nullable String executable) {
        if (executable == null || executable.isBlank()) {
            return new Line("Python", "none with torch: set GUARD_PYTHON to a Python 3 that has it", false);
        }
        try {
            Process process = new ProcessBuilder(executable, "-c", ASK_TORCH)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = firstLine(process);
            boolean ended = process.waitFor(1, TimeUnit.MINUTES);
            return ended && process.exitValue() == 0
                    ? new Line("Python", answer.replaceFirst(", ", " with torch ") + " (" + executable + ")", true)
                    : new Line("Python", executable + " cannot import torch: install it there", false);
        } catch (IOException e) {
            return new Line("Python", executable + " cannot be run: name a Python 3 that has torch", false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Line("Python", "interrupted while asking " + executable, false);
        }
    }

    private static String firstLine(Process process) throws IOException {
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().findFirst().orElse("");
        }
    }
}
