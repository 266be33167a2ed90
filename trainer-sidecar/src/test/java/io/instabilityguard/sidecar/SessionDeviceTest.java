package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.frame.DeviceStaging;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hook with weights on a GPU and a sidecar without one. */
@Timeout(60)
class SessionDeviceTest extends SidecarFixture {
    private static final String HANDLE = Base64.getEncoder().encodeToString(new byte[64]);

    @Test
    void shouldDeclineTheOfferAndWelcomeTheHook() throws Exception {
        DeviceStaging offer = new DeviceStaging(HANDLE, HANDLE, 4096);
        try (StagedHook hook = StagedHook.connect(sidecar.socket(), 5, hello -> hello.device(offer))) {
            SidecarMessage.Welcome welcome = hook.wire.next(SidecarMessage.Welcome.class);
            assertThat(welcome.deviceStaging()).isFalse();
            assertThat(welcome.deviceStagingReason()).endsWith("set numerics.backend to cuda");
        }
    }

    @Test
    void shouldSayNothingOfItToAHookThatOffersNothing() throws Exception {
        try (StagedHook hook = StagedHook.connect(sidecar.socket(), 5, hello -> hello)) {
            assertThat(hook.wire.next(SidecarMessage.Welcome.class).deviceStagingReason())
                    .isEmpty();
        }
    }
}
