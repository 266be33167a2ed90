package io.instabilityguard.schemas;

import org.apache.avro.Conversion;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * Tells Avro that the records of this package may be instantiated, which it otherwise only believes a system property.
 *
 * <p>Avro loads every {@link Conversion} named under {@code META-INF/services} when the first generated class initialises, that is before
 * any record can be read or copied. This one converts nothing; being loaded is all it does. What was trusted before stays trusted.
 */
public final class TrustedRecords extends Conversion<TrustedRecords> {
    static {
        String records = TrustedRecords.class.getPackageName();
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(records)));
    }

    @Override
    public Class<TrustedRecords> getConvertedType() {
        return TrustedRecords.class;
    }

    @Override
    public String getLogicalTypeName() {
        return TrustedRecords.class.getName();
    }
}
