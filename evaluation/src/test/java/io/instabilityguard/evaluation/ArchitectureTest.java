package io.instabilityguard.evaluation;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom; the whole product is looked at, because this module has all of it on its class path. */
@AnalyzeClasses(packages = "io.instabilityguard", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule GUARD_AND_SIDECAR_MEET_ON_TOPICS_ONLY = noClasses()
            .that()
            .resideInAPackage("io.instabilityguard.guard..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.instabilityguard.sidecar..", "io.instabilityguard.evaluation..");

    @ArchTest
    static final ArchRule THE_SIDECAR_DOES_NOT_KNOW_THE_GUARD = noClasses()
            .that()
            .resideInAPackage("io.instabilityguard.sidecar..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.instabilityguard.guard..", "io.instabilityguard.evaluation..");

    @ArchTest
    static final ArchRule ONLY_THE_ALL_IN_ONE_PROCESS_STARTS_THE_GUARD = noClasses()
            .that()
            .resideInAPackage("io.instabilityguard.evaluation..")
            .and()
            .doNotHaveSimpleName("AllInOne")
            .and()
            .doNotHaveSimpleName("ReplayBenchmark")
            .and()
            .resideOutsideOfPackages(
                    "io.instabilityguard.evaluation.signals..",
                    "io.instabilityguard.evaluation.fuzz..",
                    "io.instabilityguard.evaluation.incident..")
            .should()
            .dependOnClassesThat(resideInAPackage("io.instabilityguard.guard..")
                    .and(resideOutsideOfPackage("io.instabilityguard.guard.progress")));

    @ArchTest
    static final ArchRule THE_STUDY_READS_SIGNALS_ONLY = noClasses()
            .that()
            .resideInAPackage("io.instabilityguard.evaluation.signals..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.instabilityguard.guard", "io.instabilityguard.guard.intervention..");

    @ArchTest
    static final ArchRule ONLY_THE_BROKER_PACKAGE_KNOWS_KAFKAS_SERVER = noClasses()
            .that()
            .resideOutsideOfPackage("io.instabilityguard.evaluation.broker..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("kafka..", "org.apache.kafka.metadata..", "org.apache.kafka.server..");

    @ArchTest
    static final ArchRule REPORTS_ARE_DRAWN_FROM_PLAIN_VALUES = noClasses()
            .that()
            .resideInAPackage("io.instabilityguard.evaluation.report..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache..", "io.instabilityguard.schemas..", "io.instabilityguard.evaluation.demo..");
}
