package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.koopman.BlockSnapshots;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The residual snapshots of one sample in float32, copied out of the slots so that these can go back to the hook before anything is
 * computed. The memory is taken at the first sample and used again. Not thread-safe.
 */
final class SnapshotCopies {
    /** Most memory of one session's copies: with more, no snapshot is used. */
    static final long MOST_BYTES = 512L << 20;

    private final Hello hello;
    private final StagedMatrices staged;
    private final List<BlockSnapshots> buffers = new ArrayList<>();
    private final List<Optional<BlockSnapshots>> blocks = new ArrayList<>();

    SnapshotCopies(Hello hello, StagedMatrices staged) {
        this.hello = hello;
        this.staged = staged;
    }

    /** Copies what the slots hold now; {@code tokens} rows per snapshot, 0 for one that is missing. */
    void copy(List<Integer> tokens, List<String> omissions) throws IOException {
        blocks.clear();
        if (bytes() > MOST_BYTES) {
            omissions.add("snapshots need " + bytes()
                    + " bytes in float32 and are not used: stage fewer tokens or blocks, up to " + MOST_BYTES
                    + " bytes");
            return;
        }
        for (Hello.Snapshot snapshot : hello.snapshots()) {
            blocks.add(copy(snapshot, tokens.get(snapshot.index())));
        }
    }

    /** Per snapshot of HELLO what was copied last, empty where it was missing; no entry at all when none may be used. */
    List<Optional<BlockSnapshots>> blocks() {
        return blocks;
    }

    private Optional<BlockSnapshots> copy(Hello.Snapshot snapshot, int tokens) throws IOException {
        if (tokens == 0) {
            return Optional.empty();
        }
        BlockSnapshots buffer = buffer(snapshot.index());
        BlockSnapshots valid = new BlockSnapshots(
                buffer.entering().reshaped(tokens, snapshot.width()),
                buffer.leaving().reshaped(tokens, snapshot.width()));
        int slot = hello.enteringSlot(snapshot.index());
        staged.read(slot, valid.entering());
        staged.read(slot + 1, valid.leaving());
        return Optional.of(valid);
    }

    private BlockSnapshots buffer(int index) {
        for (int i = buffers.size(); i <= index; i++) {
            Hello.Snapshot snapshot = hello.snapshots().get(i);
            buffers.add(new BlockSnapshots(
                    FloatMatrix.zeros(snapshot.tokens(), snapshot.width()),
                    FloatMatrix.zeros(snapshot.tokens(), snapshot.width())));
        }
        return buffers.get(index);
    }

    private long bytes() {
        return hello.snapshots().stream()
                .mapToLong(snapshot -> 2L * snapshot.tokens() * snapshot.width() * Float.BYTES)
                .sum();
    }
}
