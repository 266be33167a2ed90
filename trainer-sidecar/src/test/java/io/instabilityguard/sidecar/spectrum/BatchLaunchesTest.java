package io.instabilityguard.sidecar.spectrum;

import static io.instabilityguard.sidecar.spectrum.TestMatrices.elements;
import static io.instabilityguard.sidecar.spectrum.TestMatrices.withSingularValues;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a sampled step asks of a device, over one that writes it down: a batch is one call whatever it carries. */
class BatchLaunchesTest {
    /** Of a warm measurement of one pass, alone or of a batch. */
    private static final int CALLS = 16;

    private final RecordingDevice device = new RecordingDevice();
    private final DeviceBackend backend = new DeviceBackend(device, new EjmlBackend());

    /** Query, key, value and output of 32 layers, their gates, ups and downs; in small. */
    @Test
    void shouldMeasureADecoderInThreeBatches() {
        Model model = model(Map.of("attention", 4 * 32, "up", 2 * 32, "down", 32));
        assertThat(warmStep(model, false)).isEqualTo(7 * 32 * CALLS);
        assertThat(warmStep(model, true)).isEqualTo(3 * CALLS);
    }

    /** 64 experts of three matrices in 16 layers: two shapes, of one of them more than one call carries. */
    @Test
    void shouldMeasureAMixtureOfExpertsInThreeBatches() {
        Model model = model(Map.of("up", 2 * 64 * 16, "down", 64 * 16));
        assertThat(warmStep(model, true)).isEqualTo(3 * CALLS);
    }

    private record Model(List<List<FloatMatrix>> groups, int matrices) {}

    private Model model(Map<String, Integer> counts) {
        Map<String, FloatMatrix> kinds = Map.of(
                "attention", withSingularValues(4, 4, 1, 5, 1),
                "up", withSingularValues(6, 4, 2, 5, 1),
                "down", withSingularValues(4, 6, 3, 5, 1));
        List<List<FloatMatrix>> groups = new ArrayList<>();
        new TreeMap<>(counts)
                .forEach((kind, count) -> groups.add(IntStream.range(0, count)
                        .mapToObj(i -> own(kinds.get(kind)))
                        .toList()));
        return new Model(
                groups, counts.values().stream().mapToInt(Integer::intValue).sum());
    }

    private FloatMatrix own(FloatMatrix matrix) {
        FloatMatrix own = backend.allocate(matrix.rows(), matrix.columns());
        backend.write(elements(matrix), own);
        return own;
    }

    /** Calls of the second sample. */
    private int warmStep(Model model, boolean batched) {
        SpectrumProbe probe = new SpectrumProbe(backend, model.matrices());
        step(probe, model, batched);
        device.forget();
        step(probe, model, batched);
        assertThat(device.calls()).noneMatch(call -> call.matches("(allocate|free|zero|copy).*"));
        return device.calls().size();
    }

    private static void step(SpectrumProbe probe, Model model, boolean batched) {
        int slot = 0;
        for (List<FloatMatrix> group : model.groups()) {
            int size =
                    batched ? probe.batchSize(group.get(0).rows(), group.get(0).columns(), false) : 1;
            for (int first = 0; first < group.size(); first += size) {
                List<FloatMatrix> batch = group.subList(first, Math.min(group.size(), first + size));
                List<Integer> slots =
                        IntStream.range(slot, slot + batch.size()).boxed().toList();
                slot += batch.size();
                assertThat(probe.measureEach(slots, batch))
                        .allSatisfy(spectrum -> assertThat(spectrum.finite()).isTrue());
            }
        }
    }
}
