"""The staging layout against the golden file that the Java side reads too."""

import json
import os
import tempfile
import unittest

import torch
from instability_guard.staging import SlotShape, StagingFile, layout

import golden_staging


class StagingTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_should_reproduce_the_golden_file_to_the_byte(self) -> None:
        content, hello = golden_staging.write(self.folder)
        path = os.path.join(golden_staging.FOLDER, golden_staging.NAME)
        with open(path + ".bin", "rb") as file:
            self.assertEqual(content, file.read())
        with open(path + ".json", encoding="utf-8") as file:
            self.assertEqual(hello, json.load(file))

    def test_should_reproduce_the_golden_file_with_snapshots_and_mixers(self) -> None:
        content, hello, step = golden_staging.write_with_signals(self.folder)
        path = os.path.join(golden_staging.FOLDER, golden_staging.NAME_WITH_SIGNALS)
        with open(path + ".bin", "rb") as file:
            self.assertEqual(content, file.read())
        for name, message in ((".json", hello), ("-step.json", step)):
            with open(path + name, encoding="utf-8") as file:
                self.assertEqual(message, json.load(file))

    def test_should_start_every_slot_at_a_multiple_of_64(self) -> None:
        shapes = [SlotShape(1, 1, "float64"), SlotShape(8, 8, "bfloat16"), SlotShape(3, 43, "float16")]
        self.assertEqual(layout(shapes), ([64, 128, 256], 576))
        self.assertEqual(layout([]), ([], 64))

    def test_should_share_the_memory_of_the_file(self) -> None:
        staging = StagingFile.in_folder(self.folder, [SlotShape(2, 3, "float32")], 1)
        before = staging.checksum(0)
        with open(staging.path, "r+b") as file:
            file.seek(64)
            file.write(b"\x00\x00\x80\x3f")
        self.assertEqual(staging.slots[0][0, 0].item(), 1.0)
        self.assertNotEqual(staging.checksum(0), before)

    def test_should_not_follow_or_overwrite_what_is_there(self) -> None:
        path = os.path.join(self.folder, "taken")
        os.symlink("/nonexistent", path)
        with self.assertRaises(FileExistsError):
            StagingFile(path, [], 1)

    def test_should_outlive_its_unlinking(self) -> None:
        staging = StagingFile.in_folder(self.folder, [SlotShape(1, 1, "float16")], 1)
        staging.close()
        staging.close()
        staging.slots[0].fill_(2.0)
        self.assertEqual(staging.slots[0].dtype, torch.float16)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
