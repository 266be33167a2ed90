package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenFilesTest {
    private static final List<String> VERSIONS = ReleasedSchemas.VERSIONS;

    @ParameterizedTest
    @MethodSource("everyReleasedRecord")
    void shouldReadWhatEveryReleasedVersionWrote(String version, Topic<?> topic) throws Exception {
        SpecificRecord read = RecordSerdes.of(topic, Map.of())
                .deserializer()
                .deserialize(topic.name(), GoldenFiles.bytes(version, topic));

        // As text: a record that holds a NaN does not equal its copy
        assertThat(read).hasToString(GoldenFiles.expected(version, topic).toString());
    }

    @Test
    void shouldWriteTheBytesOfTheNewestVersion() throws Exception {
        String newest = VERSIONS.get(VERSIONS.size() - 1);
        for (Topic<?> topic : Topics.all()) {
            assertThat(GoldenFiles.encode(GoldenFiles.expected(newest, topic)))
                    .as(topic.name())
                    .isEqualTo(GoldenFiles.bytes(newest, topic));
        }
    }

    @Test
    void shouldSampleEveryTopic() {
        assertThat(Samples.all())
                .extracting(Object::getClass)
                .containsExactlyElementsOf(
                        Topics.all().stream().<Class<?>>map(Topic::type).toList());
    }

    static Stream<Arguments> everyReleasedRecord() {
        return VERSIONS.stream()
                .flatMap(version -> Topics.all().stream()
                        .filter(topic -> ReleasedSchemas.released(
                                        version, topic.type().getSimpleName())
                                .isPresent())
                        .map(topic -> Arguments.of(version, topic)));
    }
}
