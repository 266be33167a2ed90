package io.instabilityguard.evaluation.security;

import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.broker.SecuredBroker;
import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.guard.console.LeastAcls;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A secured broker with our topics and our least access control list; the guard has a certificate, the others a password each. */
final class SecuredKafka implements AutoCloseable {
    static final String APPLICATION = "instability-guard";
    static final List<String> WITH_PASSWORD = List.of("sidecar", "operator", "redriver", "subscriber", "canary");
    static final List<AclRule> RULES = new LeastAcls("", APPLICATION).rules();
    private static final int TIMEOUT_SECONDS = 30;

    private final SecuredBroker broker;
    private final Admin admin;

    private SecuredKafka(SecuredBroker broker) {
        this.broker = broker;
        this.admin = Admin.create(new HashMap<>(broker.certified("admin")));
    }

    static SecuredKafka start(Path folder) throws Exception {
        SecuredKafka kafka = new SecuredKafka(SecuredBroker.start(folder));
        for (String user : WITH_PASSWORD) {
            kafka.broker.addUser(kafka.admin, user, password(user));
        }
        kafka.admin
                .createTopics(Topics.all().stream()
                        .map(topic -> new NewTopic(topic.name(), Math.min(2, topic.partitions()), (short) 1)
                                .configs(topic.settings()))
                        .toList())
                .all()
                .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        return kafka;
    }

    /** Allows what {@code ./guard acls} prints, with Kafka's own tool. */
    void allowWhatIsPrinted(Path folder) throws IOException {
        Properties settings = new Properties();
        settings.putAll(client("admin"));
        Path file = folder.resolve("admin.properties");
        try (Writer writer = Files.newBufferedWriter(file)) {
            settings.store(writer, null);
        }
        KafkaAcls.add(settings.getProperty("bootstrap.servers"), file);
    }

    /** Known to the test, so that it can look for it everywhere. */
    static String password(String user) {
        return "the-secret-of-" + user + "-4711";
    }

    void allow(List<AclRule> rules) throws Exception {
        List<AclBinding> bindings = rules.stream().map(AclRule::binding).toList();
        admin.createAcls(bindings).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        awaitRights(rights -> rights.containsAll(bindings));
    }

    void forbid(AclRule rule) throws Exception {
        AclBinding binding = rule.binding();
        admin.deleteAcls(List.of(binding.toFilter())).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        awaitRights(rights -> !rights.contains(binding));
    }

    /** The controller answers before the broker goes by it. */
    private void awaitRights(Predicate<Collection<AclBinding>> condition) {
        await().atMost(Duration.ofSeconds(TIMEOUT_SECONDS))
                .until(
                        () -> admin.describeAcls(AclBindingFilter.ANY).values().get(TIMEOUT_SECONDS, TimeUnit.SECONDS),
                        condition);
    }

    /** Something to read in every topic, and a changelog as the guard would make it. */
    void fill() throws Exception {
        String changelog = APPLICATION + "-" + AclProbe.CHANGELOG_SUFFIX;
        admin.createTopics(List.of(new NewTopic(changelog, 1, (short) 1))).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                new HashMap<>(client("admin")), new ByteArraySerializer(), new ByteArraySerializer())) {
            Stream<String> ours = Topics.all().stream().map(topic -> topic.name());
            for (String topic : Stream.concat(ours, Stream.of(changelog)).toList()) {
                producer.send(new ProducerRecord<>(topic, 0, new byte[] {0}, new byte[] {0}))
                        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    /** Writes a record once more, at the end of its partition; says at which offset. */
    long repeat(ConsumerRecord<String, byte[]> record) throws Exception {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                new HashMap<>(client("admin")), new StringSerializer(), new ByteArraySerializer())) {
            return producer.send(new ProducerRecord<>(
                            record.topic(), record.partition(), record.key(), record.value(), record.headers()))
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .offset();
        }
    }

    /** Settings of the clients of a principal. */
    Map<String, String> client(String principal) {
        return WITH_PASSWORD.contains(principal)
                ? broker.knowing(principal, password(principal))
                : broker.certified(principal);
    }

    Map<String, String> knowing(String user, String password) {
        return broker.knowing(user, password);
    }

    @Override
    public void close() {
        admin.close();
        broker.close();
    }
}
