package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.koopman.BlockSnapshots;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Measures samples in two parts: {@link #take} does what needs the slots, {@link #complete} what works on copies and may take long.
 * Not thread-safe: one per session, used by its numerics thread.
 */
public final class StepSampler {
    private static final Set<Hello.Role> READ_THE_STREAM =
            Set.of(Hello.Role.QUERY, Hello.Role.KEY, Hello.Role.VALUE, Hello.Role.MLP_UP);

    private final Hello hello;
    private final MatrixBackend backend;
    private final SpectrumProbe probe;
    private final SampleSettings settings;
    private final WeightSampler weights;
    private final MixingSampler mixing;
    private final SnapshotCopies snapshots;
    private final BlockProfiler profiler;
    private final IntConsumer refused;
    private int samplesUntilProfiles;
    private long lastStep = -1;

    /** Samples of the session that this HELLO began; {@code refused} counts mixers and snapshots that are not finite. */
    public StepSampler(
            Hello hello,
            StagedMatrices staged,
            MatrixBackend backend,
            SpectrumProbe probe,
            SampleSettings settings,
            IntConsumer refused) {
        this.hello = hello;
        this.backend = backend.onHost();
        this.probe = probe;
        this.settings = settings;
        this.refused = refused;
        this.weights = new WeightSampler(
                staged,
                probe,
                new Workspace(backend),
                settings.increments() ? Optional.of(new WeightIncrements(hello, backend)) : Optional.empty());
        this.mixing = new MixingSampler(hello, staged);
        this.snapshots = new SnapshotCopies(hello, staged);
        this.profiler = new BlockProfiler(hello, backend.onHost());
    }

    /** Reads everything of this step that the slots hold: afterwards they may go back to the hook. */
    public StepSample take(long step, SampleContents contents) throws IOException {
        List<String> omissions = new ArrayList<>(contents.lines());
        List<Statistic> statistics = new ArrayList<>(contents.statistics());
        if (step <= lastStep) {
            weights.forget(); // the run was rewound
        }
        lastStep = step;
        List<StepSample.Spectrum> spectra = weights.measure(statistics);
        List<StepSample.Mixing> mixers = mixing.read(contents.mixers(), omissions);
        refused.accept(contents.mixers().size() - mixers.size());
        snapshots.copy(contents.snapshotTokens(), omissions);
        return new StepSample(step, spectra, List.of(), mixers, statistics, omissions);
    }

    /**
     * Adds what is computed from the snapshots of the sample taken last. Profiles that are due are put off to the next sample when
     * {@code isUrgent} says that something waits for this thread.
     */
    public StepSample complete(StepSample taken, BooleanSupplier isUrgent) {
        List<Optional<BlockSnapshots>> blocks = snapshots.blocks();
        List<String> omissions = new ArrayList<>(taken.omissions());
        List<Statistic> statistics = new ArrayList<>(taken.statistics());
        statistics.addAll(streamStatistics(blocks, omissions));
        List<StepSample.Profile> profiles = List.of();
        if (areProfilesDue(blocks)) {
            profiles = profiler.profiles(blocks, isUrgent, omissions);
            if (profiles.size() == blocks.stream().filter(Optional::isPresent).count()) {
                statistics.addAll(profiler.jacobians(blocks, omissions));
                samplesUntilProfiles = settings.profilesEvery();
            }
        }
        samplesUntilProfiles = Math.max(0, samplesUntilProfiles - 1);
        return new StepSample(taken.step(), taken.spectra(), profiles, taken.mixing(), statistics, omissions);
    }

    private boolean areProfilesDue(List<Optional<BlockSnapshots>> blocks) {
        return settings.profilesEvery() > 0
                && samplesUntilProfiles == 0
                && blocks.stream().anyMatch(Optional::isPresent);
    }

    private List<Statistic> streamStatistics(List<Optional<BlockSnapshots>> blocks, List<String> omissions) {
        List<Statistic> statistics = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            Hello.Snapshot snapshot = hello.snapshots().get(i);
            blocks.get(i).ifPresent(block -> {
                if (isFinite(block.entering()) && isFinite(block.leaving())) {
                    residualRms(snapshot, block).ifPresent(statistics::add);
                    statistics.addAll(signDiversities(snapshot, block));
                } else {
                    refused.accept(1);
                    omissions.add("snapshot of " + snapshot.block() + " holds a NaN or an infinity and is not used");
                }
            });
        }
        return statistics;
    }

    private Optional<Statistic> residualRms(Hello.Snapshot snapshot, BlockSnapshots block) {
        FloatMatrix leaving = block.leaving();
        double meanSquare = backend.dot(leaving, leaving) / ((double) leaving.rows() * leaving.columns());
        return SidecarStatistic.RESIDUAL_RMS.of(snapshot.block(), snapshot.depth(), Math.sqrt(meanSquare));
    }

    private List<Statistic> signDiversities(Hello.Snapshot snapshot, BlockSnapshots block) {
        return hello.matrices().stream()
                .filter(matrix -> matrix.depth() == snapshot.depth() && READ_THE_STREAM.contains(matrix.role()))
                .flatMap(matrix -> signDiversity(matrix, block).stream())
                .toList();
    }

    private Optional<Statistic> signDiversity(Hello.Matrix matrix, BlockSnapshots block) {
        double majority = probe.majoritySignShare(matrix.index(), block.entering());
        return SidecarStatistic.SIGN_DIVERSITY.of(matrix.name(), matrix.depth(), 2 * (1 - majority));
    }

    private boolean isFinite(FloatMatrix matrix) {
        return backend.largestMagnitude(matrix) <= Float.MAX_VALUE;
    }
}
