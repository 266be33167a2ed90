package io.instabilityguard.evaluation.fuzz;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Policies, as files and as they come through Kafka. */
final class PolicyTarget implements Target {
    private final byte[] policy;
    private final PolicyText texts;

    /** Starts from the default policy. */
    PolicyTarget() throws IOException {
        try (InputStream in = Objects.requireNonNull(PolicyReader.class.getResourceAsStream("default-policy.yaml"))) {
            policy = in.readAllBytes();
        }
        texts = new PolicyText(new String(policy, StandardCharsets.UTF_8));
    }

    @Override
    public String name() {
        return "policy";
    }

    @Override
    public byte[] input(RandomGenerator random) {
        return switch (random.nextInt(16)) {
            case 0 -> ByteMutation.noise(random);
            case 1 -> ByteMutation.mutate(policy, 0, List.of(policy), random);
            case 2, 3 -> ByteMutation.mutate(text(random), 0, List.of(policy), random);
            default -> text(random);
        };
    }

    private byte[] text(RandomGenerator random) {
        return texts.next(random).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void read(byte[] input) {
        PolicyReader.parse(new String(input, StandardCharsets.UTF_8), null);
    }

    @Override
    public Optional<String> refusal(Exception e) {
        return e instanceof PolicyException ? Optional.ofNullable(e.getMessage()) : Optional.empty();
    }

    /** The default policy, over which every other is laid, is read each time. */
    @Override
    public long allowance(int length) {
        return 8 * LEAST_ALLOWANCE + 1024L * length;
    }
}
