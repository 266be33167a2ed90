package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.guard.console.LeastAcls;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code kubectl kustomize} builds of every folder, against Kubernetes' own schemas and against what the code needs. */
final class KubernetesTest {
    private static final String STRIMZI = "kubernetes/overlays/strimzi/";

    @Test
    void shouldHaveExactlyTheTopicsOfTheCatalogue() throws IOException {
        Deploy.assertUpToDate(STRIMZI + "topics.yaml", StrimziResources.topics());
        assertThat(Deploy.documents(Deploy.text(STRIMZI + "topics.yaml")))
                .extracting(topic -> topic.at("/metadata/name").asText())
                .containsExactlyElementsOf(
                        Topics.all().stream().<String>map(Topic::name).toList());
    }

    /** Read back, what is in the file allows what the list allows, no less and no more. */
    @Test
    void shouldAllowExactlyWhatTheListOfRightsAllows() throws IOException {
        Deploy.assertUpToDate(STRIMZI + "users.yaml", StrimziResources.users());
        List<String> allowed = new ArrayList<>();
        for (JsonNode user : Deploy.documents(Deploy.text(STRIMZI + "users.yaml"))) {
            for (JsonNode acl : user.at("/spec/authorization/acls")) {
                acl.get("operations")
                        .forEach(operation ->
                                allowed.add("User:" + user.at("/metadata/name").asText() + " "
                                        + operation.asText().toUpperCase(java.util.Locale.ROOT) + " "
                                        + acl.at("/resource/name").asText() + " "
                                        + acl.at("/resource/patternType").asText()));
            }
        }
        assertThat(allowed)
                .containsExactlyInAnyOrderElementsOf(new LeastAcls("", "instability-guard")
                        .rules().stream().map(KubernetesTest::words).toList());
    }

    private static String words(AclRule rule) {
        return rule.principal() + " " + rule.operation() + " " + rule.name() + " "
                + rule.pattern().name().toLowerCase(java.util.Locale.ROOT).replace("prefixed", "prefix");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/trainer", "overlays/strimzi", "overlays/secured"})
    void shouldBuildWhatKubernetesTakes(String folder) throws Exception {
        JsonNode schemas = kubernetesSchemas();
        for (JsonNode manifest : built(folder)) {
            String kind = manifest.get("apiVersion").asText() + "/"
                    + manifest.get("kind").asText();
            if (kind.startsWith("kafka.strimzi.io/")) {
                continue; // Strimzi's schemas are in its CRDs, which no registry reached from here publishes
            }
            assertThat(schemas.get("definitions").has(kind))
                    .as("a schema of " + kind)
                    .isTrue();
            assertThat(PublishedSchema.of(of(schemas, kind)).problems(manifest))
                    .as(kind)
                    .isEmpty();
        }
    }

    @Test
    void shouldFindWhatKubernetesRefuses() throws Exception {
        JsonNode statefulSet = new ObjectMapper()
                .readTree("{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"spec\":{\"replicas\":\"two\"}}");
        assertThat(PublishedSchema.of(of(kubernetesSchemas(), "apps/v1/StatefulSet"))
                        .problems(statefulSet))
                .isNotEmpty();
    }

    /** The level that the namespace enforces, in the words of the Pod Security Standards. */
    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/trainer", "overlays/secured"})
    void shouldKeepToTheRestrictedPodSecurityStandard(String folder) throws Exception {
        assertThat(containers(folder)).isNotEmpty().allSatisfy(container -> {
            assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(container.at("/securityContext/capabilities/drop/0").asText())
                    .isEqualTo("ALL");
        });
        assertThat(podSpecs(folder)).allSatisfy(pod -> {
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
        });
    }

    @Test
    void shouldRunTheSidecarAsANativeSidecarThatIsAskedWhetherItLives() throws Exception {
        JsonNode sidecar = podSpecs("overlays/trainer").get(0).at("/initContainers/0");
        assertThat(sidecar.get("name").asText()).isEqualTo("sidecar");
        assertThat(sidecar.get("restartPolicy").asText()).isEqualTo("Always");
        assertThat(sidecar.has("startupProbe")).isTrue();
    }

    @Test
    void shouldKeepOneGuardWhileNodesAreDrainedAndLetNobodyElseIn() throws Exception {
        List<JsonNode> base = built("base");
        assertThat(base).extracting(each -> each.get("kind").asText()).contains("PodDisruptionBudget", "NetworkPolicy");
        JsonNode guard = podSpecs("base").get(0).at("/containers/0");
        assertThat(List.of("startupProbe", "livenessProbe", "readinessProbe")).allMatch(guard::has);
        int port = guard.at("/ports/0/containerPort").asInt();
        assertThat(Deploy.documents(Deploy.text("kubernetes/base/guard-config.yaml"))
                        .get(0)
                        .at("/http/port")
                        .asInt())
                .isEqualTo(port);
    }

    /** Each guard tells the others a name under which the headless service finds it alone, and the policy lets them through. */
    @Test
    void shouldLetTheGuardsAskEachOther() throws Exception {
        List<JsonNode> base = built("base");
        JsonNode set = one(base, "StatefulSet", "guard");
        JsonNode service = one(base, "Service", set.at("/spec/serviceName").asText());
        assertThat(service.at("/spec/clusterIP").asText()).isEqualTo("None");
        assertThat(set.at("/spec/template/spec/containers/0/env").toString())
                .contains("$(POD_NAME)." + service.at("/metadata/name").asText() + ":8080");
        JsonNode policy = one(base, "NetworkPolicy", "guard").get("spec");
        String guards = policy.get("podSelector").toString();
        assertThat(policy.get("ingress").toString()).contains(guards);
        assertThat(policy.get("egress").toString()).contains(guards);
    }

    private static JsonNode one(List<JsonNode> manifests, String kind, String name) {
        return manifests.stream()
                .filter(each -> each.get("kind").asText().equals(kind))
                .filter(each -> each.at("/metadata/name").asText().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<JsonNode> containers(String folder) throws Exception {
        return podSpecs(folder).stream()
                .flatMap(pod -> Stream.of(pod.path("initContainers"), pod.path("containers")))
                .flatMap(list -> StreamSupport.stream(list.spliterator(), false))
                .toList();
    }

    private static List<JsonNode> podSpecs(String folder) throws Exception {
        return built(folder).stream()
                .map(manifest -> manifest.at("/spec/template/spec"))
                .filter(JsonNode::isObject)
                .toList();
    }

    private static List<JsonNode> built(String folder) throws Exception {
        assumeTrue(Deploy.isInstalled("kubectl"), "kubectl is not installed here");
        Process kustomize = new ProcessBuilder(
                        "kubectl",
                        "kustomize",
                        Deploy.FOLDER.resolve("kubernetes/" + folder).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String yaml = new String(kustomize.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(kustomize.waitFor()).as("kubectl kustomize " + folder).isZero();
        return Deploy.documents(yaml);
    }

    private static JsonNode kubernetesSchemas() throws IOException {
        try (InputStream text = Objects.requireNonNull(KubernetesTest.class.getResourceAsStream("kubernetes.json"))) {
            return new ObjectMapper().readTree(text);
        }
    }

    /** The schema of one kind, with all definitions that it refers to. */
    private static JsonNode of(JsonNode schemas, String kind) {
        return new ObjectMapper()
                .createObjectNode()
                .put("$ref", "#/definitions/" + kind.replace("/", "~1"))
                .set("definitions", schemas.get("definitions"));
    }
}
