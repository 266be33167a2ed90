package io.instabilityguard.evaluation.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Self-signed certificates made by the JDK's keytool, and a trust store with those that shall be believed. */
public final class Certificates {
    static final String PASSWORD = "not-a-secret-but-a-password";

    private final Path folder;

    private Certificates(Path folder) {
        this.folder = folder;
    }

    /** Certificates for these names, all trusted, and one for a stranger that is not. */
    static Certificates make(Path folder, List<String> trusted) throws Exception {
        Certificates certificates = new Certificates(Files.createDirectories(folder));
        List<String> all = new ArrayList<>(trusted);
        all.add("stranger");
        List<Process> running = new ArrayList<>();
        for (String name : all) {
            running.add(certificates.keytool(name));
        }
        for (Process process : running) {
            if (process.waitFor() != 0) {
                throw new IllegalStateException("keytool failed with " + process.exitValue());
            }
        }
        certificates.trust(trusted);
        return certificates;
    }

    private Process keytool(String name) throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-validity",
                "2",
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store(name).toString(),
                "-storepass",
                PASSWORD);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void trust(List<String> names) throws IOException, GeneralSecurityException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        for (String name : names) {
            KeyStore own = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store(name))) {
                own.load(in, PASSWORD.toCharArray());
            }
            trust.setCertificateEntry(name, own.getCertificate(name));
        }
        try (OutputStream out = Files.newOutputStream(store("trust"))) {
            trust.store(out, PASSWORD.toCharArray());
        }
    }

    private Path store(String name) {
        return folder.resolve(name + ".p12");
    }

    /** Whom to believe, for any client or broker. */
    Map<String, String> trusting() {
        return Map.of(
                "ssl.truststore.location",
                store("trust").toString(),
                "ssl.truststore.type",
                "PKCS12",
                "ssl.truststore.password",
                PASSWORD);
    }

    /** Who one is, for any client or broker. */
    Map<String, String> as(String name) {
        return Map.of(
                "ssl.keystore.location",
                store(name).toString(),
                "ssl.keystore.type",
                "PKCS12",
                "ssl.keystore.password",
                PASSWORD,
                "ssl.key.password",
                PASSWORD);
    }
}
