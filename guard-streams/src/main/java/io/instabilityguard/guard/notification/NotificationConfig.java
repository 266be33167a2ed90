package io.instabilityguard.guard.notification;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.Secret;
import io.instabilityguard.guard.policy.Section;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is told of incidents: section {@code notifications} of the guard's configuration. Secrets (the URL of a chat's webhook is one) are named by {@code -file} or {@code
 * -env} and never printed.
 *
 * @param receivers who is told
 */
public record NotificationConfig(List<Receiver> receivers) {

    private static final Logger LOG = LoggerFactory.getLogger(NotificationConfig.class);
    private static final Set<String> SCHEMES = Set.of("http", "https");

    /** Keeps its own copy. */
    public NotificationConfig {
        receivers = List.copyOf(receivers);
    }

    /**
     * The section of a configuration file; no receivers without one. Errors: {@link PolicyException} that names the key.
     *
     * @param environment where {@code -env} keys look
     */
    public static NotificationConfig read(Path file, Map<String, String> environment) {
        try {
            Section root = new Section("", new YAMLMapper().readTree(Files.readString(file)));
            return of(root.section("notifications"), file, environment);
        } catch (IOException e) {
            throw new PolicyException("configuration file " + file + " cannot be read: " + e.getMessage());
        }
    }

    private static NotificationConfig of(Section section, Path file, Map<String, String> environment) {
        String dashboard = section.has("dashboard") ? url(section, "dashboard").toString() : "";
        List<Receiver> receivers = new ArrayList<>();
        if (section.has("slack")) {
            Section slack = section.section("slack");
            URI url = parsed(
                    slack.path() + ".url",
                    Secret.read(slack, "url", file, environment).value(),
                    false);
            receivers.add(new ChatReceiver(url, dashboard));
            slack.end();
        }
        if (section.has("webhook")) {
            Section webhook = section.section("webhook");
            Secret secret = Secret.read(webhook, "secret", file, environment);
            receivers.add(new WebhookReceiver(url(webhook, "url"), secret));
            webhook.end();
        }
        if (section.has("alertmanager")) {
            Section alertmanager = section.section("alertmanager");
            receivers.add(new AlertmanagerReceiver(url(alertmanager, "url"), dashboard));
            alertmanager.end();
        }
        section.end();
        return new NotificationConfig(receivers);
    }

    private static URI url(Section section, String key) {
        return parsed(section.path() + "." + key, section.text(key), true);
    }

    private static URI parsed(String key, String text, boolean isShown) {
        try {
            URI url = new URI(text);
            if (SCHEMES.contains(String.valueOf(url.getScheme())) && url.getHost() != null) {
                return url;
            }
        } catch (URISyntaxException e) {
            LOG.debug("{} is no URL", key);
        }
        throw new PolicyException(key + ": must be an http or https URL" + (isShown ? ", not " + text : ""));
    }
}
