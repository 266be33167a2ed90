package io.instabilityguard.guard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.instabilityguard.guard", importOptions = ImportOption.DoNotIncludeTests.class)
final class GuardArchitectureTest {

    private static final String ROOT = "io.instabilityguard.guard";
    private static final String SHELL =
            ".*(Processor|WatchStore|PolicyStore|LeaseStore|ArrivalMetrics|DeadLetterHandler|DeadLetters"
                    + "|TopicFeed|ConsumerThread|IncidentFeed|CanaryProbe|GuardMetrics|TelemetryLag|ReplayDriver)(\\$.*)?";

    @ArchTest
    static final ArchRule PACKAGES_POINT_ONE_WAY = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("root")
            .definedBy(ROOT)
            .layer("telemetry")
            .definedBy(ROOT + ".telemetry")
            .layer("baseline")
            .definedBy(ROOT + ".baseline")
            .layer("mixing")
            .definedBy(ROOT + ".mixing")
            .layer("policy")
            .definedBy(ROOT + ".policy")
            .layer("anomaly")
            .definedBy(ROOT + ".anomaly")
            .layer("lease")
            .definedBy(ROOT + ".lease")
            .layer("operator")
            .definedBy(ROOT + ".operator")
            .layer("intervention")
            .definedBy(ROOT + ".intervention")
            .layer("deadletter")
            .definedBy(ROOT + ".deadletter")
            .layer("catalogue")
            .definedBy(ROOT + ".catalogue")
            .layer("feed")
            .definedBy(ROOT + ".feed")
            .layer("canary")
            .definedBy(ROOT + ".canary")
            .layer("metrics")
            .definedBy(ROOT + ".metrics")
            .layer("notification")
            .definedBy(ROOT + ".notification")
            .layer("console")
            .definedBy(ROOT + ".console")
            .layer("view")
            .definedBy(ROOT + ".view..")
            .layer("agreement")
            .definedBy(ROOT + ".agreement")
            .layer("recording")
            .definedBy(ROOT + ".recording")
            .layer("replay")
            .definedBy(ROOT + ".replay")
            .layer("progress")
            .definedBy(ROOT + ".progress")
            .whereLayer("progress")
            .mayOnlyBeAccessedByLayers("replay", "console")
            .whereLayer("replay")
            .mayOnlyBeAccessedByLayers("console")
            .whereLayer("recording")
            .mayOnlyBeAccessedByLayers("replay", "console")
            .whereLayer("agreement")
            .mayOnlyBeAccessedByLayers("intervention", "replay", "console")
            .whereLayer("console")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("catalogue")
            .mayOnlyBeAccessedByLayers("console")
            .whereLayer("feed")
            .mayOnlyBeAccessedByLayers("metrics", "notification", "view")
            .whereLayer("canary")
            .mayOnlyBeAccessedByLayers("metrics", "notification", "console")
            .whereLayer("metrics")
            .mayOnlyBeAccessedByLayers("root")
            .whereLayer("notification")
            .mayOnlyBeAccessedByLayers("root")
            .whereLayer("view")
            .mayOnlyBeAccessedByLayers("root", "console")
            .whereLayer("root")
            .mayOnlyBeAccessedByLayers("console", "replay")
            .whereLayer("deadletter")
            .mayOnlyBeAccessedByLayers("root", "console")
            .whereLayer("intervention")
            .mayOnlyBeAccessedByLayers("root", "console", "view")
            .whereLayer("lease")
            .mayOnlyBeAccessedByLayers("root", "intervention", "console", "replay")
            .whereLayer("operator")
            .mayOnlyBeAccessedByLayers("root", "intervention", "console", "view")
            .whereLayer("anomaly")
            .mayOnlyBeAccessedByLayers("root", "intervention", "view")
            .whereLayer("baseline")
            .mayOnlyBeAccessedByLayers("mixing", "anomaly")
            .whereLayer("mixing")
            .mayOnlyBeAccessedByLayers("anomaly", "view")
            .whereLayer("telemetry")
            .mayOnlyBeAccessedByLayers("root", "anomaly", "lease", "operator", "intervention", "view")
            .whereLayer("policy")
            .mayOnlyBeAccessedByLayers(
                    "root",
                    "anomaly",
                    "operator",
                    "intervention",
                    "catalogue",
                    "notification",
                    "console",
                    "view",
                    "replay");

    @ArchTest
    static final ArchRule KAFKA_STAYS_IN_THE_SHELL = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT, ROOT + ".console", ROOT + ".view")
            .and()
            .haveNameNotMatching(SHELL)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.kafka..");

    @ArchTest
    static final ArchRule HTTP_STAYS_IN_ITS_PACKAGE = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".view.http")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.javalin..", "jakarta.servlet..", "org.eclipse.jetty..");

    @ArchTest
    static final ArchRule WHAT_IS_SHOWN_KNOWS_NO_ONE_WHO_LOOKS = noClasses()
            .that()
            .resideInAnyPackage(ROOT + ".view.board", ROOT + ".view.access")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + ".view", ROOT + ".view.http", "org.slf4j..");

    @ArchTest
    static final ArchRule ESTIMATORS_ARE_NUMBERS_ONLY = noClasses()
            .that()
            .resideInAPackage(ROOT + ".baseline")
            .should()
            .dependOnClassesThat()
            .resideOutsideOfPackages("java..", "org.jspecify..", ROOT + ".baseline");

    @ArchTest
    static final ArchRule LOGGING_STAYS_OUT_OF_THE_CORE = noClasses()
            .that()
            .resideInAnyPackage(
                    ROOT + ".baseline",
                    ROOT + ".mixing",
                    ROOT + ".anomaly",
                    ROOT + ".lease",
                    ROOT + ".operator",
                    ROOT + ".intervention",
                    ROOT + ".policy")
            .and()
            .haveNameNotMatching(SHELL)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.slf4j..");

    @ArchTest
    static final ArchRule MATRICES_STAY_IN_MIXING = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".mixing")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.ejml..");

    @ArchTest
    static final ArchRule NOBODY_READS_THE_CLOCK = noClasses()
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random");

    @ArchTest
    static final ArchRule ONLY_THE_PROCESS_READS_ITS_ENVIRONMENT = noClasses()
            .that()
            .doNotHaveSimpleName("GuardMain")
            .should()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(System.class, "getenv", String.class);

    @ArchTest
    static final ArchRule STORES_ARE_NOT_QUERIED_WITH_THEIR_POSITION_LOCKED = noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("org.apache.kafka.streams.query.StateQueryRequest")
            .because("it and the thread that writes the store can wait for each other for ever (KAFKA-19629)");

    @ArchTest
    static final ArchRule METERS_STAY_IN_THEIR_PACKAGES = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + ".metrics", ROOT + ".canary", ROOT + ".notification", ROOT + ".console")
            .and()
            .doNotHaveSimpleName("GuardMain")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.prometheus..");
}
