package io.instabilityguard.evaluation.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeedsTest {
    @Test
    void shouldReadARangeAndASingleSeed() {
        assertThat(Seeds.parse("3-5").stream()).containsExactly(3, 4, 5);
        assertThat(Seeds.parse("7")).isEqualTo(Seeds.only(7));
        assertThat(Seeds.parse("0-19").count()).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "5-3", "-1", "1-", "1-2-3", "99999999999"})
    void shouldRefuseAnythingElse(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Seeds.parse(text))
                .withMessageContaining("seeds must be A-B");
    }
}
