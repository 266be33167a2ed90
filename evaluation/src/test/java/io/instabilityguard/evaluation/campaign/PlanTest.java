package io.instabilityguard.evaluation.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {
    private final Plan plan = Plan.read();

    @Test
    void shouldMeasureEveryCellOnce() {
        Profile both = new Profile("0-3", List.of("S", "S-stable"), List.of("none", "guard"));
        Profile again = new Profile("0-3", List.of("S"), List.of("none"));
        assertThat(plan.cells(List.of(both, again)))
                .extracting(cell -> cell.scenario() + " " + cell.method().name())
                .containsExactly("S none", "S guard", "S-stable none", "S-stable guard");
    }

    @Test
    void shouldLeaveOutMethodsThatDoNotApply() {
        assertThat(plan.cells(new Profile("0", List.of("S", "D12"), List.of("mhc"))))
                .extracting(Cell::scenario)
                .containsExactly("D12");
    }

    @Test
    void shouldNameOnlyWhatItDeclaresInItsProfiles() {
        plan.profiles()
                .values()
                .forEach(profile -> assertThat(plan.cells(profile)).isNotEmpty());
    }

    @Test
    void shouldHaveAPolicyForEveryGuardedMethod() {
        assertThat(plan.methods())
                .filteredOn(Plan.Method::isGuarded)
                .isNotEmpty()
                .allSatisfy(method -> assertThat(GuardSetting.of(method, "").mode())
                        .isEqualTo(method.role() == Plan.Role.OBSERVE ? GuardMode.OBSERVE : GuardMode.ENFORCE));
    }

    @Test
    void shouldNameOnlyWhatTheGuardKnowsInItsPolicies() {
        assertThat(plan.methods())
                .filteredOn(Plan.Method::isGuarded)
                .allSatisfy(method -> assertThatNoException()
                        .isThrownBy(() ->
                                PolicyReader.parse(GuardSetting.of(method, "").policy(), Mode.ENFORCE)));
    }

    @Test
    void shouldSayWhatThereIsToChooseFrom() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.cells(new Profile("0", List.of("X"), List.of("none"))))
                .withMessageStartingWith("unknown scenario 'X': did you mean 'S'?");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.cells(new Profile("0", List.of("S"), List.of("X"))))
                .withMessageStartingWith("unknown method 'X'");
    }
}
