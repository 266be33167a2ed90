package io.instabilityguard.sidecar;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.instabilityguard.sidecar", importOptions = DoNotIncludeTests.class)
class SidecarArchitectureTest {
    private static final String ROOT = "io.instabilityguard.sidecar";

    @ArchTest
    static final ArchRule shouldFlowFromFrameToCommand = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("errors")
            .definedBy(ROOT + ".errors..")
            .layer("frame")
            .definedBy(ROOT + ".frame..")
            .layer("spectrum")
            .definedBy(ROOT + ".spectrum..")
            .layer("koopman")
            .definedBy(ROOT + ".koopman..")
            .layer("mixing")
            .definedBy(ROOT + ".mixing..")
            .layer("sample")
            .definedBy(ROOT + ".sample..")
            .layer("report")
            .definedBy(ROOT + ".report..")
            .layer("command")
            .definedBy(ROOT + ".command..")
            .layer("metrics")
            .definedBy(ROOT + ".metrics..")
            .layer("root")
            .definedBy(ROOT)
            .whereLayer("root")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("command")
            .mayOnlyBeAccessedByLayers("root")
            .whereLayer("metrics")
            .mayOnlyBeAccessedByLayers("root")
            .whereLayer("report")
            .mayOnlyBeAccessedByLayers("root", "command", "metrics")
            .whereLayer("sample")
            .mayOnlyBeAccessedByLayers("root", "command", "report")
            .whereLayer("koopman")
            .mayOnlyBeAccessedByLayers("root", "command", "report", "sample")
            .whereLayer("mixing")
            .mayOnlyBeAccessedByLayers("root", "command", "report", "sample")
            .whereLayer("spectrum")
            .mayOnlyBeAccessedByLayers("root", "command", "report", "sample", "koopman")
            .whereLayer("frame")
            .mayOnlyBeAccessedByLayers("root", "command", "report", "sample");

    @ArchTest
    static final ArchRule shouldHaveNoCycles =
            slices().matching(ROOT + ".(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule shouldKeepKafkaClientsInOnePlacePerDirection = noClasses()
            .that()
            .haveNameNotMatching(
                    ".*\\.(KafkaRecordSender|CommandConsumer|KafkaClients|SidecarMetrics|MeteredSidecar)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka.clients..");

    @ArchTest
    static final ArchRule shouldKeepRecordsOfTopicsOutOfFrameAndNumerics = noClasses()
            .that()
            .resideInAnyPackage(
                    ROOT + ".errors..",
                    ROOT + ".frame..",
                    ROOT + ".spectrum..",
                    ROOT + ".koopman..",
                    ROOT + ".mixing..",
                    ROOT + ".sample..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.instabilityguard.schemas..", "org.apache.avro..", "org.apache.kafka..");

    @ArchTest
    static final ArchRule shouldNotKnowTheGuard =
            noClasses().should().dependOnClassesThat().resideInAPackage("io.instabilityguard.guard..");

    @ArchTest
    static final ArchRule shouldTakeWallClockTimeFromOnePlace = noClasses()
            .that()
            .doNotHaveSimpleName("SystemClock")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(java.time.Clock.class, "systemUTC")
            .orShould()
            .callMethod(java.time.InstantSource.class, "system");

    @ArchTest
    static final ArchRule shouldReadTheEnvironmentInMainOnly = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".spectrum.bench..")
            .and()
            .haveSimpleNameNotEndingWith("Main")
            .should()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(System.class, "getenv", String.class)
            .orShould()
            .callMethod(System.class, "exit", int.class);
}
