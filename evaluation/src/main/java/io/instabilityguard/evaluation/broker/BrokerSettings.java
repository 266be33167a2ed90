package io.instabilityguard.evaluation.broker;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Settings of a KRaft node (broker and controller) on the loopback interface, alone or one of several, tuned for a quick start, a quick
 * restart after a crash and little memory.
 *
 * @param nodeId from 1 on
 * @param folder where the log lives
 * @param ports where it listens
 * @param controllerPorts of all nodes, in the order of their ids
 */
record BrokerSettings(int nodeId, Path folder, Ports ports, List<Integer> controllerPorts) {
    static final int FIRST_NODE = 1;
    static final String CONTROLLER_LISTENER = "CONTROLLER";
    private static final String CLIENT_LISTENER = "CLIENTS";
    private static final String BROKER_LISTENER = "BROKERS";
    private static final String LOOPBACK = "127.0.0.1:";
    private static final int MOST_REPLICAS = 3;

    /**
     * Where a node listens.
     *
     * @param clients for clients
     * @param advertised where clients are told to connect: {@code clients}, or something in between
     * @param brokers for other brokers, and for clients that must reach this one directly
     * @param controller for controllers
     */
    record Ports(int clients, int advertised, int brokers, int controller) {
        /** Free ports, and this one for clients. */
        static Ports withClients(int clients) {
            return new Ports(clients, clients, FreePort.any(), FreePort.any());
        }
    }

    /** A node on its own. */
    static BrokerSettings alone(Path folder, Ports ports) {
        return new BrokerSettings(FIRST_NODE, folder, ports, List.of(ports.controller()));
    }

    /** Where clients shall connect. */
    String bootstrapServers() {
        return LOOPBACK + ports.advertised();
    }

    /** Where clients connect that shall bypass what is between. */
    String directServers() {
        return LOOPBACK + ports.brokers();
    }

    Properties properties() {
        Properties properties = new Properties();
        listeners(properties);
        replicas(properties);
        quick(properties);
        small(properties);
        return properties;
    }

    private void listeners(Properties properties) {
        String brokers = listener(BROKER_LISTENER, ports.brokers());
        String controller = listener(CONTROLLER_LISTENER, ports.controller());
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", String.valueOf(nodeId));
        properties.put("controller.quorum.voters", voters());
        properties.put("listeners", String.join(",", listener(CLIENT_LISTENER, ports.clients()), brokers, controller));
        properties.put(
                "advertised.listeners", String.join(",", listener(CLIENT_LISTENER, ports.advertised()), brokers));
        properties.put(
                "listener.security.protocol.map",
                String.join(
                        ",", plaintext(CLIENT_LISTENER), plaintext(BROKER_LISTENER), plaintext(CONTROLLER_LISTENER)));
        properties.put("controller.listener.names", CONTROLLER_LISTENER);
        properties.put("inter.broker.listener.name", BROKER_LISTENER);
        properties.put("log.dirs", folder.toString());
        properties.put("auto.create.topics.enable", "false");
    }

    private static String listener(String name, int port) {
        return name + "://" + LOOPBACK + port;
    }

    private static String plaintext(String listener) {
        return listener + ":PLAINTEXT";
    }

    private String voters() {
        return IntStream.range(0, controllerPorts.size())
                .mapToObj(index -> (FIRST_NODE + index) + "@" + LOOPBACK + controllerPorts.get(index))
                .collect(Collectors.joining(","));
    }

    /** Everything on up to three nodes; with three, one may be away. */
    private void replicas(Properties properties) {
        String replicas = String.valueOf(Math.min(MOST_REPLICAS, controllerPorts.size()));
        String inSync = controllerPorts.size() >= MOST_REPLICAS ? "2" : "1";
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            properties.put(topic + ".replication.factor", replicas);
        }
        properties.put("transaction.state.log.min.isr", inSync);
        properties.put("share.coordinator.state.topic.min.isr", inSync);
        properties.put("min.insync.replicas", inSync);
        properties.put("default.replication.factor", replicas);
    }

    /**
     * A killed broker may register again after one second instead of nine, and its partitions have a new leader as soon; groups do not wait for
     * more members and may ask to miss one that died within a second; a transaction that nobody ends is aborted within half a second of its time;
     * one that follows closely on the last waits for its markers in steps of 1 ms instead of 20.
     */
    private static void quick(Properties properties) {
        properties.put("broker.session.timeout.ms", "1000");
        properties.put("broker.heartbeat.interval.ms", "200");
        properties.put("group.initial.rebalance.delay.ms", "0");
        properties.put("group.min.session.timeout.ms", "1000");
        properties.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500");
        properties.put("add.partitions.to.txn.retry.backoff.ms", "1");
    }

    private static void small(Properties properties) {
        properties.put("offsets.topic.num.partitions", "4");
        properties.put("transaction.state.log.num.partitions", "4");
        properties.put("share.coordinator.state.topic.num.partitions", "1");
        properties.put("log.cleaner.dedupe.buffer.size", "2097152");
        properties.put("log.cleaner.threads", "1");
        properties.put("background.threads", "2");
        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "3");
        properties.put("group.coordinator.threads", "1");
        properties.put("log.index.size.max.bytes", "1048576");
        properties.put("log.segment.bytes", "67108864");
    }
}
