/** Apache Kafka brokers, one inside this JVM or three as processes, and the topics on them. */
@NullMarked
package io.instabilityguard.evaluation.broker;

import org.jspecify.annotations.NullMarked;
