package io.instabilityguard.sidecar;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.sidecar.spectrum.DeviceBackend;
import io.instabilityguard.sidecar.spectrum.DeviceCheck;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.MatrixBackends;
import io.instabilityguard.sidecar.spectrum.cuda.CudaBackend;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code ./guard doctor}, the machine's part: what this machine has for the guard, one line each. Exit code 0 when training under the guard can
 * begin, 3 when Python with torch is missing, the numerics compute wrongly, or the sidecar's socket is not as it must be; that there is no GPU is
 * no fault. Options that are the cluster's part are passed over.
 */
@Command(name = "doctor")
public final class DoctorMain implements Callable<Integer> {
    private static final int NOT_READY = 3;
    private static final String ASK_TORCH =
            "import platform, torch; print(platform.python_version(), torch.__version__, "
                    + "('CUDA ' + str(torch.version.cuda)) if torch.version.cuda else 'without CUDA', "
                    + "'sees %d GPUs' % torch.cuda.device_count(), sep=', ')";

    @Option(names = "--sidecar-config")
    private @Nullable Path sidecarConfig;

    @Option(names = "--json")
    private boolean json;

    /**
     * One line.
     *
     * @param about what it is about
     * @param finding what was found
     * @param fix what puts it right; empty when training can begin with it
     */
    record Line(String about, String finding, String fix) {
        boolean ready() {
            return fix.isEmpty();
        }
    }

    private DoctorMain() {}

    /** Looks, says, exits. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DoctorMain())
                .setUnmatchedArgumentsAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        List<Line> lines = examine(System.getenv(), Optional.ofNullable(sidecarConfig));
        for (Line line : lines) {
            System.out.println(json ? asJson(line) : asText(line));
        }
        return lines.stream().allMatch(Line::ready) ? 0 : NOT_READY;
    }

    private static String asText(Line line) {
        String fix = line.ready() ? "" : "%n%-9s   fix: %s".formatted("", line.fix());
        return "%-9s %s%s".formatted(line.about(), line.finding(), fix);
    }

    private static String asJson(Line line) throws IOException {
        return new ObjectMapper()
                .createObjectNode()
                .put("about", line.about())
                .put("ready", line.ready())
                .put("finding", line.finding())
                .put("fix", line.fix())
                .toString();
    }

    static List<Line> examine(Map<String, String> environment, Optional<Path> sidecarConfig) {
        MatrixBackends.Choice cpu = MatrixBackends.detect();
        return List.of(
                java(),
                python(environment.get("GUARD_PYTHON")),
                numerics(cpu),
                gpu(cpu),
                SocketCheck.of(environment, sidecarConfig));
    }

    private static Line java() {
        Runtime runtime = Runtime.getRuntime();
        return new Line(
                "Java",
                System.getProperty("java.version") + " on " + System.getProperty("os.arch") + ", "
                        + runtime.availableProcessors() + " processors, heap up to " + (runtime.maxMemory() >> 20)
                        + " MiB",
                "");
    }

    private static Line numerics(MatrixBackends.Choice cpu) {
        String wrong =
                DeviceCheck.disagreement(cpu.backend(), new EjmlBackend()).orElse("");
        return new Line(
                "Numerics",
                cpu.reason() + "; self-check " + (wrong.isEmpty() ? "passed" : "FAILED: " + wrong),
                wrong.isEmpty() ? "" : "numerics.backend: ejml in the sidecar's configuration, and tell us");
    }

    private static Line gpu(MatrixBackends.Choice cpu) {
        CudaBackend.Found found = CudaBackend.open(cpu.backend());
        found.backend().ifPresent(DeviceBackend::close);
        return new Line(
                "GPU",
                found.backend().isEmpty()
                        ? found.reason()
                        : found.reason() + "; self-check passed; used when numerics.backend is cuda",
                "");
    }

    private static Line python(@Nullable String executable) {
        if (executable == null || executable.isBlank()) {
            return new Line("Python", "none with torch", "set GUARD_PYTHON to a Python 3 that has it");
        }
        try {
            Process process = new ProcessBuilder(executable, "-c", ASK_TORCH)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = firstLine(process);
            boolean ended = process.waitFor(1, TimeUnit.MINUTES);
            return ended && process.exitValue() == 0
                    ? new Line("Python", answer.replaceFirst(", ", " with torch ") + " (" + executable + ")", "")
                    : new Line("Python", executable + " cannot import torch", "install it there: pip install torch");
        } catch (IOException e) {
            return new Line("Python", executable + " cannot be run", "set GUARD_PYTHON to a Python 3 that has torch");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Line("Python", "interrupted while asking " + executable, "ask again");
        }
    }

    private static String firstLine(Process process) throws IOException {
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().findFirst().orElse("");
        }
    }
}
