package io.instabilityguard.guard.intervention;

import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * What follows from one event.
 *
 * @param memory the memory afterwards
 * @param records anomalies, decisions and commands to publish, in this order of happening
 */
record Ruling(RunMemory memory, List<SpecificRecord> records) {

    Ruling {
        records = List.copyOf(records);
    }
}
