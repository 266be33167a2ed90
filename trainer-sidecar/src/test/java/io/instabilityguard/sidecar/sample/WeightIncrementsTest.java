package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.spectrum.EjmlBackend;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightIncrementsTest {
    private final EjmlBackend backend = new EjmlBackend();

    @Test
    void shouldRankTheIncrementOfEachPairOfQueryAndKey() {
        Messages.HelloBuilder pairs = Messages.hello("run", 1);
        for (int depth = 0; depth < 2; depth++) {
            String block = "blocks." + depth;
            pairs.matrix(block + ".q.weight", Hello.Role.QUERY, depth, 2, 2, "float32")
                    .matrix(block + ".k.weight", Hello.Role.KEY, depth, 2, 2, "float32")
                    .heads(block, 1);
        }

        assertThat(ranks(pairs.build())).extracting(Statistic::layer).containsExactly("blocks.0", "blocks.1");
    }

    @Test
    void shouldAbstainWhereAWeightStandsBesideItsLoraProduct() {
        Hello adapted = Messages.hello("run", 1)
                .matrix("blocks.0.q.base_layer.weight", Hello.Role.QUERY, 0, 2, 2, "float32")
                .matrix("blocks.0.q.lora[default]", Hello.Role.QUERY, 0, 2, 2, "float32")
                .matrix("blocks.0.k.weight", Hello.Role.KEY, 0, 2, 2, "float32")
                .heads("blocks.0", 1)
                .build();

        assertThat(ranks(adapted)).isEmpty();
    }

    private List<Statistic> ranks(Hello hello) {
        WeightIncrements increments = new WeightIncrements(hello, backend);
        for (float change : new float[] {0, 1}) {
            for (Hello.Matrix matrix : hello.matrices()) {
                increments.updateRatio(matrix.index(), FloatMatrix.of(2, 2, 1, 2 + change, 3, 4 - change));
            }
        }
        return increments.queryKeyRanks();
    }
}
