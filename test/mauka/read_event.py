"""Reads an event as the analysis service (Mauka) does, with pymongo and gridfs alone, and finds the sag in it.

Usage: read_event.py URI DATABASE EVENT_ID BOX_ID
Prints one line of JSON; exits 1 when a step fails.
"""
import array
import json
import math
import sys

import gridfs
import pymongo

SAMPLES_PER_CYCLE = 200


def main(uri: str, database: str, event_id: int, box_id: str) -> None:
    db = pymongo.MongoClient(uri)[database]
    event = db["events"].find_one({"event_id": event_id})
    # These fail as that service fails when a field is missing.
    event["expire_at"], event["boxes_triggered"], event["boxes_received"]
    box_event = db["box_events"].find_one({"event_id": event_id, "box_id": box_id})
    box = db["opq_boxes"].find_one({"box_id": box_id})
    data = gridfs.GridFS(db).find_one({"filename": box_event["data_fs_filename"]}).read()

    samples = array.array("h")
    samples.frombytes(data)
    if sys.byteorder == "big":
        samples.byteswap()
    volts = [count / box["calibration_constant"] for count in samples]
    cycles = [volts[at:at + SAMPLES_PER_CYCLE] for at in range(0, len(volts) - SAMPLES_PER_CYCLE + 1, SAMPLES_PER_CYCLE)]
    rms = [math.sqrt(sum(v * v for v in cycle) / len(cycle)) for cycle in cycles]

    # The view reads chunk by chunk, each as 16-bit integers of its own.
    file = db["fs.files"].find_one({"filename": box_event["data_fs_filename"]})
    chunks = list(db["fs.chunks"].find({"files_id": file["_id"]}).sort("n", 1))
    assert all(len(chunk["data"]) % 2 == 0 for chunk in chunks), "a sample is cut in two by a chunk's end"
    assert b"".join(chunk["data"] for chunk in chunks) == data

    types = {
        "event_id": type(event["event_id"]).__name__,
        "expire_at": type(event["expire_at"]).__name__,
        "start": type(box_event["event_start_timestamp_ms"]).__name__,
        "calibration_constant": type(box["calibration_constant"]).__name__,
    }
    print(json.dumps({
        "boxes_received": event["boxes_received"],
        "event_start_timestamp_ms": box_event["event_start_timestamp_ms"],
        "event_end_timestamp_ms": box_event["event_end_timestamp_ms"],
        "window_timestamps_ms": box_event["window_timestamps_ms"],
        "location": box_event["location"],
        "samples": len(samples),
        "rms_first": rms[0],
        "rms_min": min(rms),
        "cycle_of_min": rms.index(min(rms)),
        "types": types,
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
