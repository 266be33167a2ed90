package io.instabilityguard.evaluation.broker;

import java.nio.file.Path;
import java.util.Properties;

/**
 * Settings of a single KRaft node (broker and controller) on the loopback interface, tuned for a quick start, a quick
 * restart after a crash and little memory.
 *
 * @param folder where the log lives
 * @param port where clients connect
 * @param controllerPort where the controller listens
 */
record BrokerSettings(Path folder, int port, int controllerPort) {
    static final int NODE_ID = 1;
    static final String CONTROLLER_LISTENER = "CONTROLLER";
    private static final String CLIENT_LISTENER = "CLIENTS";
    private static final String LOOPBACK = "127.0.0.1:";

    String bootstrapServers() {
        return LOOPBACK + port;
    }

    Properties properties() {
        Properties properties = new Properties();
        listeners(properties);
        singleNode(properties);
        quick(properties);
        small(properties);
        return properties;
    }

    private void listeners(Properties properties) {
        String clients = CLIENT_LISTENER + "://" + LOOPBACK + port;
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", String.valueOf(NODE_ID));
        properties.put("controller.quorum.voters", NODE_ID + "@" + LOOPBACK + controllerPort);
        properties.put("listeners", clients + "," + CONTROLLER_LISTENER + "://" + LOOPBACK + controllerPort);
        properties.put("advertised.listeners", clients);
        properties.put(
                "listener.security.protocol.map", CLIENT_LISTENER + ":PLAINTEXT," + CONTROLLER_LISTENER + ":PLAINTEXT");
        properties.put("controller.listener.names", CONTROLLER_LISTENER);
        properties.put("inter.broker.listener.name", CLIENT_LISTENER);
        properties.put("log.dirs", folder.toString());
        properties.put("auto.create.topics.enable", "false");
    }

    private static void singleNode(Properties properties) {
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            properties.put(topic + ".replication.factor", "1");
        }
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("min.insync.replicas", "1");
        properties.put("default.replication.factor", "1");
    }

    /**
     * A killed broker may register again after one second instead of nine; groups do not wait for more members; a transaction that
     * follows closely on the last one waits for its markers in steps of 1 ms instead of 20.
     */
    private static void quick(Properties properties) {
        properties.put("broker.session.timeout.ms", "1000");
        properties.put("broker.heartbeat.interval.ms", "200");
        properties.put("group.initial.rebalance.delay.ms", "0");
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
