package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShadowStoreTest {
    private final List<Long> dropped = new ArrayList<>();
    private final SidecarMetrics metrics = new SidecarMetrics() {
        @Override
        public void shadowDropped(long bytes) {
            dropped.add(bytes);
        }
    };
    private final ShadowStore store = new ShadowStore(new ShadowSettings(100, 3), metrics);
    private final ShadowStore.Session session = store.open();

    @Test
    void shouldGiveBackTheBytesOfTheSlotsThatWereReplaced() throws Exception {
        keep(session, "a", 0, 1, 2);
        session.applied("a", List.of(0, 2));

        assertThat(session.before("a").keySet()).containsExactlyInAnyOrder(0, 2);
        assertThat(session.before("a").get(2)).containsOnly((byte) 2).hasSize(10);
    }

    @Test
    void shouldRefuseWhatALaterCommandReplacedAgain() throws Exception {
        keep(session, "a", 0, 1);
        session.applied("a", List.of(0, 1));
        keep(session, "b", 1);
        session.applied("b", List.of(1));

        assertThatThrownBy(() -> session.before("a")).hasMessageContaining("roll b back first");
        session.discard("b");
        assertThat(session.before("a")).hasSize(2);
    }

    @Test
    void shouldLetCommandsOnOtherMatricesBe() throws Exception {
        keep(session, "a", 0);
        keep(session, "b", 1);

        assertThat(session.before("a")).containsOnlyKeys(0);
    }

    @Test
    void shouldKnowNothingOfWhatDidNotHappen() throws Exception {
        keep(session, "a", 0);
        session.applied("a", List.of());
        keep(session, "b", 0);
        session.discard("b");

        assertThatThrownBy(() -> session.before("a")).hasMessageContaining("gone");
        assertThatThrownBy(() -> session.before("b")).hasMessageContaining("gone");
        assertThat(dropped).isEmpty();
    }

    @Test
    void shouldKeepTheLastCommandsOfASessionOnly() throws Exception {
        for (String command : List.of("a", "b", "c", "d")) {
            keep(session, command, command.charAt(0) - 'a');
        }

        assertThatThrownBy(() -> session.before("a")).hasMessageContaining("shadow-commands");
        assertThat(session.before("b")).hasSize(1);
        assertThat(dropped).containsExactly(10L);
    }

    @Test
    void shouldDropTheOldestOfAllSessionsForRoom() throws Exception {
        ShadowStore.Session other = store.open();
        keep(other, "x", 0, 1, 2, 3, 4);
        keep(session, "a", 0, 1, 2);
        keep(session, "b", 5, 6, 7);

        assertThatThrownBy(() -> other.before("x")).hasMessageContaining("shadow-bytes");
        assertThat(session.before("a")).hasSize(3);
        assertThat(dropped).containsExactly(50L);
    }

    @Test
    void shouldKeepNothingThatIsTooLargeNorWhatItWouldHide() throws Exception {
        keep(session, "a", 0);

        assertThat(session.keep("b", List.of(0), 101, slot -> new byte[101])).isZero();
        assertThatThrownBy(() -> session.before("a")).hasMessageContaining("gone");
        assertThatThrownBy(() -> session.before("b")).hasMessageContaining("gone");
    }

    @Test
    void shouldForgetASessionThatEnds() throws Exception {
        keep(session, "a", 0);
        session.close();

        assertThatThrownBy(() -> session.before("a")).hasMessageContaining("gone");
    }

    @Test
    void shouldStayWithinAQuarterOfTheHeap() {
        assertThat(ShadowSettings.DEFAULT.within(400).bytes()).isEqualTo(100);
        assertThat(ShadowSettings.DEFAULT.within(Long.MAX_VALUE).bytes()).isEqualTo(1L << 30);
    }

    private static void keep(ShadowStore.Session session, String command, Integer... slots) throws IOException {
        session.keep(command, List.of(slots), 10L * slots.length, slot -> bytes(slot));
    }

    private static byte[] bytes(int slot) {
        byte[] bytes = new byte[10];
        java.util.Arrays.fill(bytes, (byte) slot);
        return bytes;
    }
}
