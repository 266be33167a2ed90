package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.intervention.LedgerCheck;
import io.instabilityguard.guard.intervention.LedgerCheck.Place;
import io.instabilityguard.schemas.Decision;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the guard itself writes is one unbroken chain. */
final class LedgerTopologyTest extends TopologyCase {

    private final LedgerCheck check = new LedgerCheck();

    @Test
    void shouldGoOnWithTheChainOfARunThatCameBackAfterItWasForgotten() {
        guard.calm(0, 60);
        guard.send(spike(60));
        List<Decision> before = guard.decisions();
        guard.wait(Duration.ofDays(2));
        guard.calm(61, 130);
        guard.send(spike(130));
        List<Decision> after = guard.decisions();

        assertThat(before).isNotEmpty();
        assertThat(after).isNotEmpty();
        assertThat(guard.count("new-generation")).as("it was forgotten").isEqualTo(2);
        before.forEach(this::add);
        after.forEach(this::add);
        assertThat(check.chains()).singleElement().satisfies(chain -> {
            assertThat(chain.finding()).isEmpty();
            assertThat(chain.decisions()).isEqualTo(before.size() + after.size());
        });
    }

    private void add(Decision decision) {
        check.add(Telemetry.RUN, decision, new Place(0, 0));
    }
}
