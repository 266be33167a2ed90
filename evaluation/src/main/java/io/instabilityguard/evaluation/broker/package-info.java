/** An Apache Kafka broker inside this JVM, and the topics on it. */
@NullMarked
package io.instabilityguard.evaluation.broker;

import org.jspecify.annotations.NullMarked;
