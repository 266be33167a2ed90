import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints every command that the guard gives, and whether the guard's key signed it. Written from asyncapi.yaml alone; for a cluster without a
 * schema registry. Needs kafka-clients, avro and jackson-dataformat-yaml:
 *
 * <pre>java -cp 'lib/*' CommandSubscriber.java BROKERS asyncapi.yaml [guard-ID.pem]</pre>
 */
public final class CommandSubscriber {
    private final String topic;
    private final BinaryMessageDecoder<GenericRecord> decoder;
    private final Path trustedKey;

    private CommandSubscriber(JsonNode asyncApi, Path trustedKey) {
        this.topic = asyncApi.at("/channels/commands/address").asText();
        JsonNode message = asyncApi.at("/components/messages/InterventionCommand");
        Schema schema = new Schema.Parser().parse(message.at("/payload/schema").toString());
        this.decoder = new BinaryMessageDecoder<>(GenericData.get(), schema);
        this.trustedKey = trustedKey;
    }

    public static void main(String[] arguments) throws Exception {
        JsonNode asyncApi = new YAMLMapper().readTree(new File(arguments[1]));
        new CommandSubscriber(asyncApi, arguments.length > 2 ? Path.of(arguments[2]) : null).follow(arguments[0]);
    }

    private void follow(String brokers) throws Exception {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", brokers,
                "group.id", "subscriber-commands", // subscribers may only join groups that begin so
                "isolation.level", "read_committed", // the guard writes in transactions
                "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (true) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    tell(record);
                }
            }
        }
    }

    private void tell(ConsumerRecord<String, byte[]> record) throws Exception {
        try {
            GenericRecord command = decoder.decode(record.value());
            System.out.printf(
                    "%s: %s at step %s, %s, because of %s; %s%n",
                    record.key(),
                    command.get("kind"),
                    command.get("applyAtStep"),
                    command.get("layers"),
                    command.get("anomalyId"),
                    isSigned(record) ? "signed" : "NOT SIGNED by " + trustedKey);
        } catch (AvroRuntimeException | IOException unreadable) { // written by a newer release
            System.out.printf("%s: offset %d cannot be read: %s%n", record.key(), record.offset(), unreadable);
        }
    }

    private boolean isSigned(ConsumerRecord<String, byte[]> record) throws Exception {
        Header id = record.headers().lastHeader("guard-key-id");
        Header signature = record.headers().lastHeader("guard-signature");
        if (trustedKey == null || id == null || signature == null) {
            return false;
        }
        var message = new ByteArrayOutputStream();
        var parts = new DataOutputStream(message);
        for (byte[] part : List.of(
                bytes("instability-guard record signature v1"), id.value(), bytes(topic), bytes(record.key()), record.value())) {
            parts.writeInt(part.length);
            parts.write(part);
        }
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(publicKey());
        verifier.update(message.toByteArray());
        return verifier.verify(signature.value());
    }

    private PublicKey publicKey() throws Exception {
        String pem = Files.readString(trustedKey).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
