package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.schemas.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Fingerprints of the code behind a run, so that numbers are kept exactly as long as nothing they rest on has changed.
 *
 * @param home root of the repository
 */
public record Sources(Path home) {
    private static final String PYTHON = "trainer-sidecar/src/main/python";
    private static final Pattern IMPORT = Pattern.compile(
            "^\\s*(?:from|import) +((?:reference_trainer|instability_guard)[\\w.]*)", Pattern.MULTILINE);
    private static final List<String> GUARD =
            List.of("schemas/src/main", "guard-streams/src/main", "trainer-sidecar/src/main/java", PYTHON);

    /**
     * Of the reference trainer: its package without the guard's adapter, and every module of the hook's package that it
     * imports by name.
     */
    public String trainer() {
        TreeSet<Path> files = new TreeSet<>();
        Deque<Path> open = new ArrayDeque<>(under("trainer-sidecar/src/main/python/reference_trainer"));
        while (!open.isEmpty()) {
            Path file = open.pop();
            if (!file.endsWith("guarded.py") && files.add(file)) {
                imports(file).stream()
                        .map(this::module)
                        .filter(Files::isRegularFile)
                        .forEach(open::push);
            }
        }
        return hash(files);
    }

    /** Of the reference trainer, the hook, sidecar and guard, and a policy's text. */
    public String guarded(String policy) {
        TreeSet<Path> files = new TreeSet<>();
        GUARD.forEach(folder -> files.addAll(under(folder)));
        return Sha256.hex(hash(files) + "\n" + policy);
    }

    private static List<String> imports(Path file) {
        Matcher matcher = IMPORT.matcher(read(file));
        return matcher.results().map(result -> result.group(1)).toList();
    }

    private Path module(String name) {
        return home.resolve(PYTHON).resolve(name.replace('.', '/') + ".py");
    }

    private List<Path> under(String folder) {
        try (Stream<Path> files = Files.walk(home.resolve(folder))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().contains("__pycache__"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String hash(Collection<Path> files) {
        StringBuilder all = new StringBuilder();
        files.forEach(file -> all.append(home.relativize(file))
                .append('\n')
                .append(Sha256.hex(read(file)))
                .append('\n'));
        return Sha256.hex(all.toString());
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
