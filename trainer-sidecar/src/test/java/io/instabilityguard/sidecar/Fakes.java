package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.command.CommandListener;
import io.instabilityguard.sidecar.command.CommandSource;
import io.instabilityguard.sidecar.report.RecordSender;
import io.instabilityguard.sidecar.report.SidecarClock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Kafka and time as tests want them. */
public final class Fakes {
    private Fakes() {}

    /** Wall-clock time stands at 1,700,000,000,000; every look at the monotonic clock finds a millisecond gone. */
    public static SidecarClock clock() {
        AtomicLong nanos = new AtomicLong();
        return new SidecarClock(
                () -> java.time.Instant.ofEpochMilli(1_700_000_000_000L), () -> nanos.addAndGet(1_000_000));
    }

    /** Acknowledges what it is sent, unless told to fail. */
    public static final class Sender<V> implements RecordSender<V> {
        public final List<V> sent = new CopyOnWriteArrayList<>();
        public final List<String> traces = new CopyOnWriteArrayList<>();
        public volatile @Nullable Exception failure;
        public volatile boolean closed;

        @Override
        public void send(String run, V record, String trace, Consumer<@Nullable Exception> done) {
            Exception now = failure;
            if (now == null) {
                traces.add(trace);
                sent.add(record);
            }
            done.accept(now);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Lets the test speak for the guard. */
    public static final class Source implements CommandSource {
        public final List<Long> rereads = new CopyOnWriteArrayList<>();
        public volatile CommandListener guard;

        @Override
        public void start(CommandListener listener) {
            guard = listener;
        }

        @Override
        public void rereadFrom(long epochMs) {
            rereads.add(epochMs);
        }

        @Override
        public void close() {}
    }
}
