"""Reads an incident as the analysis service (Mauka) writes it and the web view lists it, with pymongo and gridfs alone.

Usage: read_incident.py URI DATABASE INCIDENT_ID
Prints one line of JSON: the types of the fields, and what the samples say; exits 1 when a step fails.
"""
import array
import json
import sys

import gridfs
import pymongo


def main(uri: str, database: str, incident_id: int) -> None:
    db = pymongo.MongoClient(uri)[database]
    incident = db["incidents"].find_one({"incident_id": incident_id})
    data = gridfs.GridFS(db).find_one({"filename": incident["gridfs_filename"]})
    samples = array.array("h")
    samples.frombytes(data.read())
    if sys.byteorder == "big":
        samples.byteswap()
    fields = [
        "incident_id", "event_id", "box_id", "start_timestamp_ms", "end_timestamp_ms", "location", "measurement_type",
        "deviation_from_nominal", "measurements", "gridfs_filename", "classifications", "ieee_duration", "annotations",
        "metadata", "expire_at",
    ]
    print(json.dumps({
        "types": {field: type(incident[field]).__name__ for field in fields},
        "metadata_incident_id": data.metadata["incident_id"],
        "samples": len(samples),
        "min": min(samples),
        "max": max(samples),
        "classifications": incident["classifications"],
        "measurements": len(incident["measurements"]),
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
