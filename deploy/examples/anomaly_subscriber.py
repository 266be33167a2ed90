"""Prints every precursor that the guard raises, escalates or clears. Written from asyncapi.yaml alone.

For a cluster without a schema registry. Needs confluent-kafka, avro and PyYAML:

    python3 anomaly_subscriber.py BROKERS asyncapi.yaml
"""

import io
import json
import sys

import avro.io
import avro.schema
import yaml
from confluent_kafka import Consumer, KafkaException


def main(brokers: str, document: str) -> None:
    """Follows the topic until it is stopped."""
    with open(document, encoding="utf-8") as file:
        asyncapi = yaml.safe_load(file)
    message = asyncapi["components"]["messages"]["Anomaly"]
    header = bytes.fromhex(message["x-single-object-header"])
    reader = avro.io.DatumReader(avro.schema.parse(json.dumps(message["payload"]["schema"])))
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "subscriber-anomalies",  # subscribers may only join groups that begin so
            "isolation.level": "read_committed",  # the guard writes in transactions
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([asyncapi["channels"]["anomalies"]["address"]])
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        run, value = record.key().decode(), record.value()
        if not value.startswith(header):
            print(run + ": a record of another release, see its schema there", flush=True)
            continue
        anomaly = reader.read(avro.io.BinaryDecoder(io.BytesIO(value[len(header) :])))
        told = run, anomaly["transition"], anomaly["step"], anomaly["message"], trace(record)
        print("%s: %s at step %d: %s (trace %s)" % told, flush=True)


def trace(record) -> str:
    """The trace that the step began, from the W3C header; empty when there is none."""
    parents = [value.decode() for name, value in record.headers() or [] if name == "traceparent"]
    return parents[-1].split("-")[1] if parents else ""


if __name__ == "__main__":
    main(*sys.argv[1:])
