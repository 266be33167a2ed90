package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.GuardProcess;
import io.instabilityguard.evaluation.campaign.Plan.Method;
import io.instabilityguard.evaluation.campaign.Plan.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * A guard as a method of the comparison needs it. Methods with equal settings share a process.
 *
 * @param policy text of the policy; empty for the default one
 * @param mode what it may do
 */
record GuardSetting(String policy, GuardMode mode) {
    /**
     * The setting of a guarded method.
     *
     * @param method with a policy
     * @param instead of the default policy, the text of another one; empty to keep it
     */
    static GuardSetting of(Method method, String instead) {
        String name = Objects.requireNonNull(method.policy());
        return new GuardSetting(
                name.equals(Method.DEFAULT_POLICY) ? instead : resource(name),
                method.role() == Role.OBSERVE ? GuardMode.OBSERVE : GuardMode.ENFORCE);
    }

    private static String resource(String name) {
        try (InputStream yaml =
                Objects.requireNonNull(GuardSetting.class.getResourceAsStream("policy/" + name + ".yaml"), name)) {
            return new String(yaml.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the policy " + name + " cannot be read", e);
        }
    }

    GuardProcess start() {
        return policy.isEmpty()
                ? GuardProcess.start(mode, options())
                : GuardProcess.startWithPolicy(mode, policy, options());
    }

    /** An observer measures all that there is. */
    private List<String> options() {
        return mode == GuardMode.OBSERVE ? List.of("--sidecar", "increments=true") : List.of();
    }
}
