package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.sampled;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A guard under the default policy in mode ENFORCE, unless a test asks for another one, and what many tests do with it. */
abstract class TopologyCase {

    GuardDriver guard = enforcing("");

    static GuardDriver enforcing(String policy) {
        return new GuardDriver(PolicyReader.parse(policy, Mode.ENFORCE));
    }

    void under(String policy, Mode mode) {
        guard.close();
        guard = new GuardDriver(PolicyReader.parse(policy, mode));
    }

    @AfterEach
    void close() {
        guard.close();
    }

    boolean isCleared(Anomaly anomaly) {
        return anomaly.getTransition() == AnomalyTransition.CLEARED;
    }

    List<Verdict> verdicts() {
        return guard.decisions().stream()
                .filter(decision -> decision.getAction() == DecisionAction.VERDICT)
                .map(Decision::getVerdict)
                .toList();
    }

    void outgrow() {
        guard.send(sampled(0, 1, 1).build());
        guard.calm(1, 30);
        guard.send(sampled(30, 3, 1).setMaxAttentionLogit(40).build());
    }

    void sendWithLargeLogits(long from, long to, double loss) {
        for (long step = from; step < to; step++) {
            guard.send(calm(step).setMaxAttentionLogit(40).setLoss(loss).build());
        }
    }
}
