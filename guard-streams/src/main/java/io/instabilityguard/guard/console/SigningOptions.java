package io.instabilityguard.guard.console;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** With whose key an operator signs: that of the option, else that of the configuration. */
final class SigningOptions {

    @Option(
            names = "--signing-key",
            paramLabel = "F",
            scope = ScopeType.INHERIT,
            defaultValue = "${env:GUARD_SIGNING_KEY}",
            description = {
                "Signs what is written: a private key that `guard keys create` made; its id is the file's name.",
                "Default: $GUARD_SIGNING_KEY, else signing.key of --config, else unsigned."
            })
    private @Nullable Path key;

    /** The key; null to write unsigned. Errors: {@link PolicyException} when it cannot be read. */
    @Nullable
    SigningKey signer(GuardConfig config) {
        try {
            return key == null ? config.signer() : SigningKey.read(key);
        } catch (IOException e) {
            throw new PolicyException("--signing-key: " + e.getMessage());
        }
    }
}
