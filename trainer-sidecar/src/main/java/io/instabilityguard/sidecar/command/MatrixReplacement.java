package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.LayerChange;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.SidecarMessage.ReadyMatrix;
import io.instabilityguard.sidecar.report.LayerSpectra;
import io.instabilityguard.sidecar.sample.StagedMatrices;
import io.instabilityguard.sidecar.sample.StepSample;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.MatrixSpectrum;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Carries weight commands out on the staged copy of the weights, each matrix as its {@link Rewriting} says, and keeps the bytes from
 * before for a {@code ROLL_BACK}. {@link #replace} is the session's numerics thread's; the rest is any thread's.
 */
public final class MatrixReplacement {
    private final StagedMatrices staged;
    private final Rewritings rewritings;
    private final ShadowStore.Session shadows;
    private final LongSupplier nanoTime;

    /** What the rewriting of weights is done with: the numerics, what the hook reports of its logits, and the shadows of all sessions. */
    public record Tools(MatrixBackend backend, SpectrumProbe probe, AttentionLogits logits, ShadowStore shadows) {}

    /** Replaces the staged matrices of the session that this HELLO began; {@code nanoTime} measures what it costs. */
    public MatrixReplacement(Hello hello, StagedMatrices staged, Tools tools, LongSupplier nanoTime) {
        this.staged = staged;
        this.shadows = tools.shadows().open();
        this.rewritings = new Rewritings(hello, tools.backend(), tools.probe(), tools.logits(), shadows);
        this.nanoTime = nanoTime;
    }

    /**
     * What was done: for the hook, for the outcome, and how long it took.
     *
     * @param computeMillis NaN when nothing was computed
     * @param measurements numbers of the whole command
     */
    record Result(
            List<ReadyMatrix> ready,
            List<LayerChange> changes,
            double computeMillis,
            Map<String, Double> measurements) {
        static final Result NONE = new Result(List.of(), List.of(), Double.NaN, Map.of());
    }

    /**
     * Fills the slots with the new matrices; the trainer's own weights are as they were.
     *
     * @throws RefusedException when the command cannot be done, before anything is written
     */
    Result replace(ReceivedCommand command, List<Integer> slots) throws IOException, RefusedException {
        check(slots);
        long start = nanoTime.getAsLong();
        Rewriting rewriting = rewritings.of(command, slots);
        long kept = command.kind().equals(Rewritings.ROLL_BACK)
                ? 0
                : shadows.keep(command.id(), slots, bytes(slots), staged::readBytes);
        List<ReadyMatrix> ready = new ArrayList<>();
        List<LayerChange> changes = new ArrayList<>();
        for (int slot : slots) {
            replace(slot, rewriting, ready, changes);
        }
        return new Result(ready, changes, (nanoTime.getAsLong() - start) / 1e6, Map.of("shadowBytes", (double) kept));
    }

    /** The hook has taken these matrices over. */
    void applied(ReceivedCommand command, Collection<Integer> slots) {
        if (command.kind().equals(Rewritings.ROLL_BACK)) {
            shadows.discard(command.undoes());
        } else {
            shadows.applied(command.id(), slots);
        }
    }

    /** The hook's weights are as they were before the command. */
    void notApplied(ReceivedCommand command) {
        shadows.discard(command.id());
    }

    /** The session is over: nothing of it can be rolled back any more. */
    void close() {
        shadows.close();
    }

    private void replace(int slot, Rewriting rewriting, List<ReadyMatrix> ready, List<LayerChange> changes)
            throws IOException {
        FloatMatrix matrix = staged.read(slot);
        Rewrite rewrite = rewriting.rewrite(slot, matrix);
        OptionalLong crc32 = rewrite.isReplaced() ? write(slot, matrix, rewrite) : OptionalLong.empty();
        String reason = rewrite.isReplaced() && crc32.isEmpty()
                ? "the new matrix leaves the range of "
                        + staged.descriptions().get(slot).dtype()
                : rewrite.refusal();
        ready.add(new ReadyMatrix(slot, crc32.isPresent(), crc32.orElse(0), reason, rewrite.measurements()));
        changes.add(change(slot, rewrite, crc32.isPresent(), reason));
    }

    private OptionalLong write(int slot, FloatMatrix matrix, Rewrite rewrite) throws IOException {
        byte[] verbatim = rewrite.verbatim();
        return verbatim == null ? staged.write(slot, matrix) : OptionalLong.of(staged.writeBytes(slot, verbatim));
    }

    private void check(List<Integer> slots) throws RefusedException {
        int count = staged.descriptions().size();
        if (slots.stream().anyMatch(slot -> slot < 0 || slot >= count)
                || slots.stream().distinct().count() != slots.size()) {
            throw new RefusedException(
                    "APPLY names matrices " + slots + " of " + count + ": send each index once, from 0");
        }
    }

    private long bytes(List<Integer> slots) {
        return slots.stream()
                .mapToLong(slot -> staged.descriptions().get(slot).slot().bytes())
                .sum();
    }

    private LayerChange change(int slot, Rewrite rewrite, boolean replaced, String reason) {
        return LayerChange.newBuilder()
                .setBefore(spectrum(slot, rewrite.before()))
                .setAfter(spectrum(slot, replaced ? rewrite.after() : rewrite.before()))
                .setReplaced(replaced)
                .setOrthogonalityDefect((float) rewrite.orthogonalityDefect())
                .setReason(reason)
                .setMeasurements(rewrite.measurements())
                .build();
    }

    /** Alignment is a matter of two matrices and is left to the samples. */
    private LayerSpectrum spectrum(int slot, MatrixSpectrum spectrum) {
        return LayerSpectra.of(new StepSample.Spectrum(staged.descriptions().get(slot), spectrum, Double.NaN));
    }
}
