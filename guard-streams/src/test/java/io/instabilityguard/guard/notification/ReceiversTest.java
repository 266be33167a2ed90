package io.instabilityguard.guard.notification;

import static io.instabilityguard.guard.notification.Alarms.anomaly;
import static io.instabilityguard.guard.notification.Alarms.verdict;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.guard.policy.Secret;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Verdict;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What receivers are sent, over real HTTP. */
@Timeout(60)
final class ReceiversTest {

    private static final long NOW_MS = 1_700_000_000_000L;

    private final Incidents incidents = new Incidents();
    private Inbox inbox;

    @BeforeEach
    void open() throws IOException {
        inbox = new Inbox();
    }

    @AfterEach
    void close() {
        inbox.close();
    }

    @Test
    void shouldPostToAChatOnlyWhenTheStatusChanges() throws Exception {
        ChatReceiver chat = new ChatReceiver(inbox.url(), "https://guard.example");
        try (Delivery delivery = started(chat)) {
            tell(delivery, AnomalyTransition.RAISED, AnomalyTransition.ESCALATED, AnomalyTransition.ESCALATED);
            tell(delivery, AnomalyTransition.CLEARED);
            await().until(() -> delivery.sent() == 3);
        }
        assertThat(inbox.letters).hasSize(3);
        assertThat(inbox.letters.get(0).json().get("text").asText())
                .startsWith("*run-1*: ")
                .contains("raised at step 60", "&lt;gradient norm&gt;")
                .endsWith("<https://guard.example/run.html?run=run-1|dashboard>");
        assertThat(inbox.letters.get(2).json().get("text").asText()).contains("cleared");
    }

    @Test
    void shouldSignEveryUpdateForAProgram() throws Exception {
        Secret secret = new Secret("shared");
        try (Delivery delivery = started(new WebhookReceiver(inbox.url(), secret))) {
            tell(delivery, AnomalyTransition.RAISED, AnomalyTransition.ESCALATED, AnomalyTransition.ESCALATED);
            await().until(() -> delivery.sent() == 3);
        }
        for (Inbox.Letter letter : inbox.letters) {
            assertThat(letter.headers().get("X-guard-signature"))
                    .containsExactly(WebhookReceiver.signature(secret, NOW_MS / 1_000, letter.body()));
            assertThat(letter.json().get("id").asText()).isEqualTo(Alarms.ID);
        }
        assertThat(inbox.letters)
                .extracting(letter -> letter.json().get("update").asInt())
                .containsExactly(0, 1, 2);
    }

    @Test
    void shouldSignAsOthersDo() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac shared
        assertThat(WebhookReceiver.signature(new Secret("shared"), 1_700_000_000, "{}"))
                .isEqualTo("t=1700000000,v1=8fe400a4d7d97fe5517b7b8d84c07a253654d1bf408323b8b0f24f6cc87644c7");
    }

    @Test
    void shouldKeepAnAlertOpenAtAlertmanagerAndEndIt() throws Exception {
        try (Delivery delivery = started(new AlertmanagerReceiver(inbox.url(), ""))) {
            tell(delivery, AnomalyTransition.RAISED);
            delivery.receiver().remind(incidents.open(), NOW_MS + 60_000).ifPresent(delivery::offer);
            tell(delivery, AnomalyTransition.CLEARED);
            await().until(() -> delivery.sent() == 3);
            assertThat(delivery.receiver().remind(incidents.open(), NOW_MS)).isEmpty();
        }
        JsonNode raised = inbox.letters.get(0).json().get(0);
        assertThat(raised.at("/labels/alertname").asText()).isEqualTo("GuardIncident");
        assertThat(raised.at("/endsAt").asText()).isEqualTo("2023-11-14T22:17:20Z");
        JsonNode reminded = inbox.letters.get(1).json().get(0);
        assertThat(reminded.get("labels")).isEqualTo(raised.get("labels"));
        assertThat(reminded.at("/endsAt").asText()).isEqualTo("2023-11-14T22:18:20Z");
        assertThat(inbox.letters.get(2).json().at("/0/endsAt").asText()).isEqualTo("2023-11-14T22:13:20Z");
    }

    @Test
    void shouldFireAnewAtAlertmanagerWhenHarmIsSeenAfterTheEndAndLetItLapse() throws Exception {
        try (Delivery delivery = started(new AlertmanagerReceiver(inbox.url(), ""))) {
            tell(delivery, AnomalyTransition.RAISED, AnomalyTransition.CLEARED);
            incidents
                    .take(verdict(Verdict.HARMFUL, 110))
                    .forEach(update -> delivery.receiver().tell(update, NOW_MS).ifPresent(delivery::offer));
            await().until(() -> delivery.sent() == 3);
            assertThat(delivery.receiver().remind(incidents.open(), NOW_MS)).isEmpty();
        }
        JsonNode harmed = inbox.letters.get(2).json().get(0);
        assertThat(harmed.get("labels"))
                .isEqualTo(inbox.letters.get(0).json().get(0).get("labels"));
        assertThat(harmed.at("/annotations/summary").asText()).endsWith("an intervention did harm");
        assertThat(harmed.at("/endsAt").asText()).isEqualTo("2023-11-14T22:17:20Z");
    }

    @Test
    void shouldTryAgainAfterAServersFaultAndGiveUpAfterARefusal() throws Exception {
        inbox.answers.addAll(List.of(503, 200, 400, 200));
        try (Delivery delivery = started(new ChatReceiver(inbox.url(), ""))) {
            tell(delivery, AnomalyTransition.RAISED, AnomalyTransition.ESCALATED, AnomalyTransition.CLEARED);
            await().until(() -> delivery.sent() + delivery.failed() == 3);
            assertThat(delivery.failed()).isEqualTo(1);
        }
        assertThat(inbox.letters).hasSize(4);
    }

    @Test
    void shouldDropAndCountRatherThanWait() throws Exception {
        try (Inbox stuck = new Inbox(new CountDownLatch(1));
                Delivery delivery = started(new ChatReceiver(stuck.url(), ""))) {
            HttpRequest request =
                    delivery.receiver().tell(Alarms.raised(), NOW_MS).orElseThrow();
            for (int i = 0; i < 200; i++) {
                delivery.offer(request);
            }
            assertThat(delivery.dropped()).isBetween(99L, 100L);
        }
    }

    private static Delivery started(Receiver receiver) {
        Delivery delivery = new Delivery(receiver, HttpClient.newHttpClient());
        delivery.start();
        return delivery;
    }

    private void tell(Delivery delivery, AnomalyTransition... transitions) {
        for (AnomalyTransition transition : transitions) {
            incidents
                    .take(anomaly(transition, 60))
                    .forEach(update -> delivery.receiver().tell(update, NOW_MS).ifPresent(delivery::offer));
        }
    }
}
