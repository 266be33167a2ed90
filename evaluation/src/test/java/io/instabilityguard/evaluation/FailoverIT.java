package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.failover.FailoverPlan;
import io.instabilityguard.evaluation.failover.FailoverTrial;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailoverIT {
    @TempDir
    Path folder;

    @Test
    void shouldLoseAndDoubleNothingWhenTheActiveGuardIsKilled() {
        FailoverTrial.Result result = FailoverTrial.run(new FailoverPlan(12, 10, 100), folder);

        assertThat(result.unacknowledged()).isZero();
        assertThat(result.lost()).as("runs without their command").isZero();
        assertThat(result.doubled()).as("commands too many").isZero();
        assertThat(result.brokenLinks()).as("gaps in the chains of decisions").isZero();
        assertThat(result.firstCommandMillis()).as("the standby commands").isPositive();
    }
}
