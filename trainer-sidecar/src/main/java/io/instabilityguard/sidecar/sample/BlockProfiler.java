package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.koopman.BlockJacobian;
import io.instabilityguard.sidecar.koopman.BlockSnapshots;
import io.instabilityguard.sidecar.koopman.JacobianAlignment;
import io.instabilityguard.sidecar.koopman.JacobianProbe;
import io.instabilityguard.sidecar.koopman.KoopmanProbe;
import io.instabilityguard.sidecar.koopman.KoopmanSettings;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Koopman profile of every block with a snapshot, and how the blocks' Jacobians line up: the expensive part of a sample, hence block by
 * block with a look in between whether something more urgent waits. Not thread-safe.
 */
final class BlockProfiler {
    private final Hello hello;
    private final KoopmanProbe koopman = new KoopmanProbe(KoopmanSettings.DEFAULT);
    private final JacobianProbe jacobians;

    BlockProfiler(Hello hello, MatrixBackend backend) {
        this.hello = hello;
        this.jacobians = new JacobianProbe(
                backend, KoopmanSettings.DEFAULT, Math.max(1, hello.snapshots().size()));
    }

    /**
     * Profiles blocks until {@code isUrgent}; what is left then is named in {@code omissions}.
     *
     * @param blocks per snapshot of HELLO, empty where it is missing
     */
    List<StepSample.Profile> profiles(
            List<Optional<BlockSnapshots>> blocks, BooleanSupplier isUrgent, List<String> omissions) {
        List<StepSample.Profile> profiles = new ArrayList<>();
        for (Hello.Snapshot snapshot : hello.snapshots()) {
            Optional<BlockSnapshots> block = blocks.get(snapshot.index());
            if (block.isEmpty()) {
                continue;
            }
            if (isUrgent.getAsBoolean()) {
                omissions.add("profiles from " + snapshot.block() + " on: a command goes first");
                return profiles;
            }
            profiles.add(new StepSample.Profile(snapshot, koopman.profile(block.get())));
        }
        return profiles;
    }

    /** The statistics of the blocks' Jacobians; none, and why, unless consecutive blocks of one width all have a snapshot. */
    List<Statistic> jacobians(List<Optional<BlockSnapshots>> blocks, List<String> omissions) {
        List<BlockSnapshots> present = blocks.stream().flatMap(Optional::stream).toList();
        if (present.size() < blocks.size() || !isOneChain()) {
            omissions.add("block Jacobians: consecutive blocks of one width, each with a snapshot, are needed");
            return List.of();
        }
        JacobianAlignment alignment = jacobians.measure(present);
        if (!alignment.usable()) {
            omissions.add(OneLine.of("block Jacobians: " + alignment.abstention()));
            return List.of();
        }
        List<Statistic> statistics = new ArrayList<>();
        for (int i = 0; i < alignment.blocks().size(); i++) {
            describe(hello.snapshots().get(i), alignment.blocks().get(i), statistics);
        }
        return statistics;
    }

    private boolean isOneChain() {
        List<Hello.Snapshot> snapshots = hello.snapshots();
        for (int i = 1; i < snapshots.size(); i++) {
            if (snapshots.get(i).depth() != snapshots.get(i - 1).depth() + 1
                    || snapshots.get(i).width() != snapshots.get(0).width()) {
                return false;
            }
        }
        return true;
    }

    private static void describe(Hello.Snapshot block, BlockJacobian jacobian, List<Statistic> statistics) {
        add(SidecarStatistic.BLOCK_NORM, block, jacobian.spectralNorm(), statistics);
        add(SidecarStatistic.BLOCK_ALIGNMENT, block, jacobian.alignment(), statistics);
        add(SidecarStatistic.BLOCK_PRODUCT_ALIGNMENT, block, jacobian.productAlignment(), statistics);
        add(SidecarStatistic.BLOCK_LOG_PRODUCT_NORM, block, jacobian.logProductNorm(), statistics);
    }

    private static void add(
            SidecarStatistic statistic, Hello.Snapshot block, double value, List<Statistic> statistics) {
        statistic.of(block.block(), block.depth(), value).ifPresent(statistics::add);
    }
}
