package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code guard keys}: the keys that guards and operators sign with. */
@Command(
        name = "keys",
        description = "Keys that guards and operators sign with.",
        scope = ScopeType.INHERIT,
        footer = {"", "Example:", "  guard keys create --out /etc/instability-guard/keys --id guard-1"},
        mixinStandardHelpOptions = true)
final class KeysCommand {

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Command(
            name = "create",
            description = {
                "Makes a pair: ID.key (mode 0600) for the guard or the operator who signs with it, ID.pem for those who believe them.",
                "An operator's ID.pem belongs into operators.public-keys of the guards, never into commands.public-keys of the sidecars: it would let the operator command."
            },
            mixinStandardHelpOptions = true)
    int create(
            @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for both files.")
                    Path out,
            @Option(names = "--id", paramLabel = "ID", description = "Key id; default: from the key's fingerprint.")
                    @Nullable
                    String id) {
        try {
            KeyPairFiles files = KeyPairFiles.create(out, Optional.ofNullable(id));
            PrintWriter text = spec.commandLine().getOut();
            if (output.isJson()) {
                output.listing("id", "privateKey", "publicKey")
                        .add(
                                files.id(),
                                files.privateKey().toString(),
                                files.publicKey().toString())
                        .print(text);
                return 0;
            }
            text.println(
                    "private key: " + files.privateKey() + "   (signing.key of a guard; --signing-key of an operator)");
            text.println(
                    "public key:  " + files.publicKey()
                            + "   (a guard's: commands.public-keys of every sidecar; both: operators.public-keys of every guard)");
            text.flush();
            return 0;
        } catch (IOException e) {
            throw new PolicyException("keys create: " + e.getMessage());
        }
    }
}
