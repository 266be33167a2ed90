package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.trainer.Python;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What the integration tests share. Python must be named by GUARD_PYTHON: without it they fail and say so. */
public final class Lab {
    private Lab() {}

    /** The Python that GUARD_PYTHON names. */
    public static Python python() {
        return Python.of(System.getenv("GUARD_PYTHON"), home());
    }

    /** Root of the repository. */
    public static Path home() {
        return Path.of("..").toAbsolutePath().normalize();
    }

    /** A folder whose path is short enough for a socket. */
    static Path folder() {
        try {
            return Files.createTempDirectory("guard-it");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path socketIn(Path folder) {
        return folder.resolve("socket").resolve("guard.sock");
    }

    static AllInOneConfig enforcing(Path folder) {
        return enforcing(folder, Optional.empty());
    }

    static AllInOneConfig enforcing(Path folder, Optional<Path> policy) {
        return in(GuardMode.ENFORCE, folder, policy);
    }

    static AllInOneConfig in(GuardMode mode, Path folder, Optional<Path> policy) {
        return new AllInOneConfig(
                folder, EmbeddedBroker.ANY_PORT, Optional.of(socketIn(folder)), policy, Optional.of(mode), Map.of());
    }
}
