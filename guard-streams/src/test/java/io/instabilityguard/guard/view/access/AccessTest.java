package io.instabilityguard.guard.view.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.instabilityguard.guard.SetClock;
import io.instabilityguard.guard.view.access.Sessions.Opened;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AccessTest {

    private final SetClock clock = new SetClock(Instant.EPOCH);
    private final Principal alice = new Principal("alice", Role.OPERATOR);

    @Test
    void shouldKnowTokensByTheirHashAlone() {
        String token = TokenHash.newToken(new SecureRandom());
        Tokens tokens =
                Tokens.NONE.with("another", new Principal("bob", Role.VIEWER)).with(token, alice);
        assertThat(token).hasSize(43);
        assertThat(tokens.owner(token)).contains(alice);
        assertThat(tokens.owner(token + "x")).isEmpty();
        assertThat(tokens.owner(TokenHash.of(token).hex())).isEmpty();
        assertThat(tokens.toString()).doesNotContain(token, TokenHash.of(token).hex());
        assertThatIllegalArgumentException().isThrownBy(() -> new TokenHash("ABC"));
    }

    @Test
    void shouldHaveRolesIncludeOneAnother() {
        assertThat(Role.ADMIN.includes(Role.OPERATOR)).isTrue();
        assertThat(Role.VIEWER.includes(Role.OPERATOR)).isFalse();
        assertThat(Role.ANYONE.includes(Role.ANYONE)).isTrue();
    }

    @Test
    void shouldEndSessionsByTimeAndByWish() {
        Sessions sessions = new Sessions(clock, new SecureRandom());
        Opened first = sessions.open(alice);
        Opened second = sessions.open(alice);
        assertThat(first.session().csrfToken()).isNotEqualTo(second.session().csrfToken());
        assertThat(sessions.find(first.id())).contains(first.session());
        assertThat(sessions.find("guessed")).isEmpty();
        sessions.close(first.id());
        assertThat(sessions.find(first.id())).isEmpty();
        clock.advance(Duration.ofHours(12));
        assertThat(sessions.find(second.id())).isEmpty();
    }

    @Test
    void shouldLetEachAskSoOften() {
        RequestRate rate = new RequestRate(clock, 2, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(rate.allows("a")).isTrue();
        }
        assertThat(rate.allows("a")).isFalse();
        assertThat(rate.allows("b")).isTrue();
        assertThat(rate.waitSeconds("a")).isEqualTo(1);
        clock.advance(Duration.ofMillis(500));
        assertThat(rate.allows("a")).isTrue();
        assertThat(rate.allows("a")).isFalse();
        clock.advance(Duration.ofHours(1));
        for (int i = 0; i < 3; i++) {
            assertThat(rate.allows("a")).isTrue();
        }
        assertThat(rate.allows("a")).isFalse();
    }
}
