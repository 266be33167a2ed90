package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.HookListener;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.ProtocolException;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.sample.DeviceSlots;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection: HELLO makes it a {@link TrainerSession}, which gets everything that follows. */
final class HookSession implements HookListener {
    private static final Logger LOG = LoggerFactory.getLogger(HookSession.class);

    private final HookLink link;
    private final TrainerSessions sessions;
    private final SessionServices services;
    private @Nullable TrainerSession trainer;

    HookSession(HookLink link, TrainerSessions sessions, SessionServices services) {
        this.link = link;
        this.sessions = sessions;
        this.services = services;
    }

    @Override
    public void onMessage(HookMessage message) throws ProtocolException {
        if (trainer != null) {
            trainer.onMessage(message);
        } else if (message instanceof Hello hello) {
            trainer = open(hello);
        } else {
            throw refused("the first message must be HELLO");
        }
    }

    @Override
    public void onClosed() {
        if (trainer != null) {
            sessions.leave(trainer);
            trainer.close();
        }
    }

    private TrainerSession open(Hello hello) throws ProtocolException {
        StagingFile staging = staging(hello);
        DeviceSlots.Answer device = DeviceSlots.of(hello, services.backend());
        TrainerSession session = new TrainerSession(hello, staging, device.slots(), link, services);
        if (!sessions.enter(session)) {
            session.close();
            throw refused("a newer generation of run " + hello.run() + " is attached");
        }
        link.send(new SidecarMessage.Welcome(
                Hello.VERSION,
                session.name(),
                services.commandTimeoutMs(),
                device.slots().isPresent(),
                device.reason()));
        session.begin();
        services.source().rereadFrom(hello.startedAtMs());
        LOG.info(
                "{} attached: {} matrices{}, {} snapshots, {} mixers, PyTorch {}",
                session.name(),
                hello.matrices().size(),
                device.slots().isPresent() ? " in its device's memory" : "",
                hello.snapshots().size(),
                hello.mixers().size(),
                hello.torchVersion());
        return session;
    }

    private StagingFile staging(Hello hello) throws ProtocolException {
        try {
            return StagingFile.open(services.socketFolder(), hello);
        } catch (IOException e) {
            throw refused("staging file: " + DistinctErrors.describe(e));
        } catch (ProtocolException e) {
            services.metrics().sessionRefused();
            throw e;
        }
    }

    private ProtocolException refused(String reason) {
        services.metrics().sessionRefused();
        return new ProtocolException(reason);
    }
}
