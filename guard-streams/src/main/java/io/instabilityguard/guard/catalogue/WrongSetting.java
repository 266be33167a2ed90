package io.instabilityguard.guard.catalogue;

/**
 * A setting of a topic that must be another.
 *
 * @param topic name of the topic
 * @param setting name of the setting, Kafka's where it has one
 * @param found what it is
 * @param expected what it must be
 * @param fix command that puts it right; {@code $BROKERS} stands for the bootstrap servers
 */
public record WrongSetting(String topic, String setting, String found, String expected, String fix) {}
