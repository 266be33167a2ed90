package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.avro.util.ClassSecurityValidator;
import org.junit.jupiter.api.Test;

class TrustedRecordsTest {
    /** Copies a record before anything else of this package is touched: that needs the permission to instantiate its parts. */
    public static void main(String[] arguments) {
        LayerChange change = Samples.outcome().getChanges().get(0);
        System.out.print(LayerChange.newBuilder(change).build().getAfter().getDepth());
    }

    @Test
    void shouldNeedNoSystemProperty() throws Exception {
        Process fresh = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TrustedRecordsTest.class.getName())
                .redirectErrorStream(true)
                .start();

        String printed = new String(fresh.getInputStream().readAllBytes());
        assertThat(fresh.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(printed).isEqualTo("1");
    }

    @Test
    void shouldTrustNobodyElse() {
        ClassSecurityValidator.validate(Samples.runState().getClass());

        assertThatThrownBy(() -> ClassSecurityValidator.validate(ProcessBuilder.class))
                .isInstanceOf(SecurityException.class);
    }
}
