package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class ListingTest {

    @Test
    void shouldAlignColumnsForPeople() {
        Listing listing =
                new Listing(false, "run", "step").add("a-long-name", 7L).add("b", 12L);

        assertThat(printed(listing)).isEqualTo("""
                run          step
                a-long-name  7
                b            12
                """);
    }

    @Test
    void shouldWriteOneObjectPerRowForPrograms() {
        Listing listing = new Listing(true, "run", "step").add("a \"b\"", 7L);

        assertThat(printed(listing)).isEqualTo("{\"run\":\"a \\\"b\\\"\",\"step\":7}\n");
    }

    @Test
    void shouldRefuseARowThatDoesNotFit() {
        Listing listing = new Listing(true, "run", "step");

        assertThatIllegalArgumentException().isThrownBy(() -> listing.add("a"));
    }

    private static String printed(Listing listing) {
        StringWriter text = new StringWriter();
        listing.print(new PrintWriter(text));
        return text.toString();
    }
}
