package io.instabilityguard.sidecar.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.Messages;
import java.util.List;
import org.junit.jupiter.api.Test;

class EqualMatricesTest {
    private final List<Hello.Matrix> matrices = Messages.hello("run", 1)
            .matrix("q", Hello.Role.QUERY, 4, 4, "float32")
            .matrix("up", Hello.Role.MLP_UP, 8, 4, "float32")
            .matrix("k", Hello.Role.KEY, 4, 4, "float32")
            .matrix("down", Hello.Role.MLP_DOWN, 4, 8, "float32")
            .matrix("v", Hello.Role.VALUE, 4, 4, "bfloat16")
            .matrix("o", Hello.Role.OUTPUT, 4, 4, "float32")
            .build()
            .matrices();

    @Test
    void shouldPutEqualShapesAndTypesTogether() {
        assertThat(EqualMatrices.batches(matrices, matrix -> 100))
                .containsExactly(List.of(0, 2, 5), List.of(1), List.of(3), List.of(4));
    }

    @Test
    void shouldAskEachKindHowManyMayCome() {
        assertThat(EqualMatrices.batches(matrices, matrix -> matrix.rows() == 4 ? 2 : 1))
                .containsExactly(List.of(0, 2), List.of(5), List.of(1), List.of(3), List.of(4));
    }

    @Test
    void shouldLeaveEachAloneWhereBatchesGainNothing() {
        assertThat(EqualMatrices.batches(matrices, matrix -> 1)).hasSize(6).allMatch(batch -> batch.size() == 1);
    }
}
