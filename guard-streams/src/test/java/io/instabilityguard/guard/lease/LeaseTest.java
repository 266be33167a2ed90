package io.instabilityguard.guard.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LeaseTest {

    private static final String ALICE = "operator:alice";
    private static final String BOB = "operator:bob";

    private Lease lease = Lease.FREE;
    private long offset;

    @Test
    void shouldBelongToWhoClaimsItFirst() {
        claim(LeaseAction.CLAIM, "guard-a");
        claim(LeaseAction.CLAIM, "guard-b");

        assertThat(lease.holder()).isEqualTo("guard-a");
        assertThat(lease.inCharge()).isEqualTo("guard-a");
        assertThat(lease.epoch()).isEqualTo(1);
    }

    @Test
    void shouldMoveToAnOperatorAndBack() {
        claim(LeaseAction.CLAIM, "guard-a");
        claim(LeaseAction.TAKE, ALICE);

        assertThat(lease.holder()).isEqualTo(ALICE);
        assertThat(lease.reason()).isEqualTo("claim 1");
        assertThat(lease.inCharge()).isEqualTo("guard-a");
        assertThat(lease.epoch()).isEqualTo(2);

        claim(LeaseAction.RELEASE, BOB);
        assertThat(lease.holder()).isEqualTo(ALICE);
        claim(LeaseAction.RELEASE, ALICE);
        assertThat(lease.holder()).isEqualTo("guard-a");
        assertThat(lease.epoch()).isEqualTo(4);
    }

    @Test
    void shouldGoToAnotherOperatorOnlyWhenTaken() {
        claim(LeaseAction.CLAIM, ALICE);
        claim(LeaseAction.CLAIM, BOB);
        assertThat(lease.holder()).isEqualTo(ALICE);

        claim(LeaseAction.TAKE, BOB);
        assertThat(lease.holder()).isEqualTo(BOB);
    }

    @Test
    void shouldPutAnotherGuardInChargeWhenTold() {
        claim(LeaseAction.CLAIM, "guard-a");
        claim(LeaseAction.TAKE, "guard-b");

        assertThat(lease.inCharge()).isEqualTo("guard-b");
        assertThat(lease.epoch()).isEqualTo(2);
    }

    @Test
    void shouldNotChangeHandsUnderAnOperator() {
        claim(LeaseAction.CLAIM, "guard-a");
        claim(LeaseAction.TAKE, ALICE);
        claim(LeaseAction.TAKE, "guard-b");

        assertThat(lease.holder()).isEqualTo(ALICE);
        assertThat(lease.inCharge()).isEqualTo("guard-b");
        assertThat(lease.epoch()).isEqualTo(2);
    }

    @Test
    void shouldOnlyEverRaiseTheEpochAndWheneverTheHolderChanges() {
        Random random = new Random(7);
        String[] holders = {"guard-a", "guard-b", ALICE, BOB};
        LeaseAction[] actions = LeaseAction.values();
        for (int i = 0; i < 2_000; i++) {
            Lease before = lease;
            claim(actions[random.nextInt(actions.length)], holders[random.nextInt(holders.length)]);
            boolean moved = !lease.holder().equals(before.holder());
            assertThat(lease.epoch() > before.epoch()).isEqualTo(moved);
            assertThat(moved || lease.epoch() == before.epoch()).isTrue();
        }
    }

    private void claim(LeaseAction action, String holder) {
        LeaseClaim claim = LeaseClaim.newBuilder()
                .setId("claim-" + offset)
                .setRun("run-1")
                .setAction(action)
                .setHolder(holder)
                .setClaimedBy(holder)
                .setReason("claim " + offset)
                .setTimestampMs(1_000 + offset)
                .build();
        lease = lease.after(claim, offset++);
    }
}
