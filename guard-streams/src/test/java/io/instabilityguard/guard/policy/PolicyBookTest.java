package io.instabilityguard.guard.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.PolicyRevision;
import org.junit.jupiter.api.Test;

final class PolicyBookTest {

    private final PolicyBook book = new PolicyBook(PolicyReader.parse("mode: observe\nlimits: {runs: 7}", null), null);

    @Test
    void shouldLayARevisionOverThePolicyOfTheProcess() {
        book.enter("*", "mode: enforce");
        assertThat(book.of("any").mode()).isEqualTo(Mode.ENFORCE);
        assertThat(book.of("any").limits().runs()).isEqualTo(7);
    }

    @Test
    void shouldKeepThePolicyInForceWhenANewOneIsBad() {
        book.enter("*", "mode: enforce");
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> book.enter("*", "mode: kill"))
                .withMessageStartingWith("mode: must be one of");
        assertThat(book.of("any").mode()).isEqualTo(Mode.ENFORCE);
    }

    @Test
    void shouldNotLetARevisionChangeAPinnedMode() {
        PolicyBook pinned = new PolicyBook(PolicyReader.defaults(), Mode.APPROVE);
        pinned.enter("*", "mode: enforce");
        assertThat(pinned.of("any").mode()).isEqualTo(Mode.APPROVE);
    }

    @Test
    void shouldNameWhatIsWrongWithARevision() {
        assertThat(book.problemOf("*", revision("*", "limits: {runs: 0}")))
                .hasValueSatisfying(
                        problem -> assertThat(problem).startsWith("limits.runs: must be a whole number from 1"));
        assertThat(book.problemOf("*", revision("a*", ""))).contains("key is not the pattern: key=* pattern=a*");
        assertThat(book.problemOf(null, null)).isPresent();
        assertThat(book.problemOf("a/b", null)).isPresent();
        assertThat(book.problemOf("*", null)).isEmpty();
    }

    @Test
    void shouldMakeTheSamePolicyOfItsText() {
        Policy policy = book.over(
                "signals: {loss-deviation: {decay: 0.5}}\ninterventions: {cut-learning-rate: {when: [loss-spike]}}");
        assertThat(PolicyReader.restore(policy.text())).isEqualTo(policy);
    }

    @Test
    void shouldSayWhichKeysDiffer() {
        assertThat(PolicyChange.between(
                        book.base(), book.over("mode: enforce\nbudget: {step-equivalents-per-1000-steps: 9}")))
                .extracting(PolicyChange::key, PolicyChange::before, PolicyChange::after)
                .containsExactly(
                        tuple("budget.step-equivalents-per-1000-steps", "250", "9"),
                        tuple("mode", "\"observe\"", "\"enforce\""));
    }

    private static PolicyRevision revision(String pattern, String policy) {
        return PolicyRevision.newBuilder()
                .setPattern(pattern)
                .setPolicy(policy)
                .setVersion(1)
                .setAuthor("alice")
                .setReason("")
                .setTimestampMs(1)
                .build();
    }
}
