package io.instabilityguard.evaluation.broker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.utils.Time;

/**
 * A broker that believes certificates on one listener and passwords (SCRAM, under TLS) on the other, and allows nobody anything but its
 * two super users, {@code broker} and {@code admin}.
 */
public final class SecuredBroker implements AutoCloseable {
    private static final int TIMEOUT_SECONDS = 20;

    private final BrokerSettings settings;
    private final int saslPort;
    private final Certificates certificates;
    private final KafkaRaftServer server;

    private SecuredBroker(BrokerSettings settings, int saslPort, Certificates certificates) {
        this.settings = settings;
        this.saslPort = saslPort;
        this.certificates = certificates;
        this.server = new KafkaRaftServer(new KafkaConfig(properties(), false), Time.SYSTEM);
    }

    /** A running broker; {@code guard} has a certificate that it believes, {@code stranger} one that it does not. */
    public static SecuredBroker start(Path folder) throws Exception {
        Certificates certificates = Certificates.make(folder.resolve("tls"), List.of("broker", "admin", "guard"));
        BrokerSettings settings =
                BrokerSettings.alone(folder.resolve("broker"), BrokerSettings.Ports.withClients(FreePort.any()));
        BrokerFolder.format(settings);
        SecuredBroker broker = new SecuredBroker(settings, FreePort.any(), certificates);
        broker.server.startup();
        return broker;
    }

    private Properties properties() {
        Properties all = settings.properties();
        String tls = "TLS://127.0.0.1:" + settings.ports().clients();
        String sasl = "SASL://127.0.0.1:" + saslPort;
        all.put(
                "listeners",
                tls + "," + sasl + ",CONTROLLER://127.0.0.1:" + settings.ports().controller());
        all.put("advertised.listeners", tls + "," + sasl);
        all.put("listener.security.protocol.map", "TLS:SSL,SASL:SASL_SSL,CONTROLLER:SSL");
        all.put("inter.broker.listener.name", "TLS");
        all.put("ssl.client.auth", "required");
        all.put("listener.name.sasl.ssl.client.auth", "none");
        all.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        all.put(
                "listener.name.sasl.scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        all.put("ssl.principal.mapping.rules", "RULE:^CN=(.*)$/$1/");
        all.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        all.put("super.users", "User:broker;User:admin");
        all.putAll(certificates.as("broker"));
        all.putAll(certificates.trusting());
        return all;
    }

    /** Lets this user in with this password. */
    public void addUser(Admin admin, String user, String password) throws Exception {
        ScramCredentialInfo strength = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user, strength, password)))
                .all()
                .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Settings of a client that has this certificate. */
    public Map<String, String> certified(String name) {
        Map<String, String> client = new HashMap<>(certificates.as(name));
        client.putAll(certificates.trusting());
        client.put("bootstrap.servers", settings.bootstrapServers());
        client.put("security.protocol", "SSL");
        return client;
    }

    /** Settings of a client that knows this password. */
    public Map<String, String> knowing(String user, String password) {
        Map<String, String> client = new HashMap<>(certificates.trusting());
        client.put("bootstrap.servers", "127.0.0.1:" + saslPort);
        client.put("security.protocol", "SASL_SSL");
        client.put("sasl.mechanism", "SCRAM-SHA-512");
        client.put(
                "sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                        + password + "\";");
        return client;
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
