package io.instabilityguard.sidecar.spectrum;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/** What the numerics may touch. */
@AnalyzeClasses(
        packages = {
            "io.instabilityguard.sidecar.spectrum",
            "io.instabilityguard.sidecar.koopman",
            "io.instabilityguard.sidecar.mixing"
        },
        importOptions = DoNotIncludeTests.class)
class SpectrumArchitectureTest {

    @ArchTest
    static final ArchRule SHOULD_KEEP_NATIVE_CALLS_IN_THEIR_BACKEND = noClasses()
            .that()
            .doNotBelongToAnyOf(OpenBlasBackend.class)
            .and()
            .doNotHaveSimpleName("Lapack")
            .and()
            .resideOutsideOfPackage("..spectrum.cuda")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.bytedeco..");

    @ArchTest
    static final ArchRule SHOULD_KEEP_THE_NUMERICS_FREE_OF_CUDA = noClasses()
            .that()
            .resideInAPackage("..spectrum")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..spectrum.cuda");

    @ArchTest
    static final ArchRule SHOULD_KEEP_EJML_IN_ITS_BACKEND = noClasses()
            .that()
            .doNotBelongToAnyOf(EjmlBackend.class)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.ejml..");

    @ArchTest
    static final ArchRule SHOULD_STAY_PURE = noClasses()
            .that()
            .resideOutsideOfPackage("..spectrum.cuda")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache..", "org.slf4j..", "io.instabilityguard.schemas..", "java.io..", "java.net..");

    @ArchTest
    static final ArchRule SHOULD_KNOW_ONLY_NUMERICS_OF_THE_SIDECAR = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.instabilityguard.sidecar",
                    "io.instabilityguard.sidecar.frame..",
                    "io.instabilityguard.sidecar.report..",
                    "io.instabilityguard.sidecar.command..");

    /** The benchmark lives on the clock. */
    @ArchTest
    static final ArchRule SHOULD_NOT_READ_A_CLOCK = noClasses()
            .that()
            .resideOutsideOfPackage("..bench..")
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Clock.class);

    @ArchTest
    static final ArchRule SHOULD_SEED_EVERY_RANDOM_NUMBER = noClasses()
            .should()
            .callConstructor(Random.class)
            .orShould()
            .callMethod(Math.class, "random")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(ThreadLocalRandom.class);
}
