"""Reads a topic with clients that are not ours: Debian's confluent_kafka, its schema-registry client, and avro.

Prints one JSON object per record: its key, and those of its fields that are text, true, false or whole numbers.

Usage: python3 foreign_reader.py BOOTSTRAP_SERVERS REGISTRY_URL TOPIC
"""

import io
import json
import struct
import sys
from typing import Dict, Set

import avro.io
import avro.schema
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

MAGIC = 0
HEADER = struct.Struct(">bI")
PARSED: Dict[int, avro.schema.Schema] = {}


def main() -> None:
    """From the beginning of every partition to its end of now."""
    servers, registry, topic = sys.argv[1:]
    schemas = SchemaRegistryClient({"url": registry})
    settings = {"bootstrap.servers": servers, "group.id": "foreign", "isolation.level": "read_committed"}
    consumer = Consumer({**settings, "enable.partition.eof": True})
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    unread = set(partitions)
    while unread:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error() is None:
            record = decode(schemas, message.value())
            shown = {name: value for name, value in record.items() if isinstance(value, (str, int))}
            print(json.dumps({"key": message.key().decode(), "record": shown}))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            unread.discard(message.partition())
        else:
            raise KafkaException(message.error())
    consumer.close()


def decode(schemas: SchemaRegistryClient, value: bytes) -> Dict[str, object]:
    """Confluent's wire format: a zero, the schema's id, Avro."""
    magic, identifier = HEADER.unpack_from(value)
    assert magic == MAGIC, magic
    if identifier not in PARSED:
        PARSED[identifier] = parse(schemas, schemas.get_schema(identifier), avro.schema.Names(), set())
    return avro.io.DatumReader(PARSED[identifier]).read(avro.io.BinaryDecoder(io.BytesIO(value[HEADER.size :])))


def parse(schemas: SchemaRegistryClient, schema: Schema, names: avro.schema.Names, seen: Set[str]) -> avro.schema.Schema:
    """The schema, after those that it refers to."""
    for reference in schema.references:
        if reference.name not in seen:
            seen.add(reference.name)
            identifier = schemas.get_version(reference.subject, reference.version).schema_id
            parse(schemas, schemas.get_schema(identifier), names, seen)
    return avro.schema.make_avsc_object(json.loads(schema.schema_str), names)


if __name__ == "__main__":
    main()
