"""The lowest RMS voltage of each box in exported events, read without any code of the project. Only for tests.

Arguments: the format, the folder of its files, and the calibration constants as JSON (WAV holds counts). Prints {box: volts} as JSON.
"""

import csv
import glob
import json
import os
import re
import sys
import wave
from array import array

PER_CYCLE = 200


def lowest(volts):
    """Lowest RMS of whole cycles. A missing sample is None or NaN: its cycle does not count."""
    found = []
    for at in range(0, len(volts) - PER_CYCLE + 1, PER_CYCLE):
        cycle = volts[at : at + PER_CYCLE]
        if all(value is not None and value == value for value in cycle):
            found.append((sum(value * value for value in cycle) / PER_CYCLE) ** 0.5)
    return min(found)


def box_of(name):
    return re.search(r"(\d+)\D*$", name).group(1)


def comtrade(folder, _):
    from comtrade import Comtrade

    for path in glob.glob(os.path.join(folder, "*.cfg")):
        recording = Comtrade(ignore_warnings=True)
        recording.load(path)
        for name, values in zip(recording.analog_channel_ids, recording.analog):
            yield box_of(name), list(values)


def pqdif(folder, _):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pqdif"))
    from pqdif_reader import read

    for path in glob.glob(os.path.join(folder, "*.pqd")):
        for observation in read(path)["observations"]:
            for channel in observation["channels"]:
                values = [one["values"] for one in channel["series"] if one["valueType"] != "time"]
                yield box_of(channel["name"]), values[0]


def pqds(folder, _):
    for path in glob.glob(os.path.join(folder, "*.csv")):
        with open(path, newline="") as file:
            rows = list(csv.reader(file))
        device = next(row[1] for row in rows if row[0] == "DeviceName")
        begin = next(i for i, row in enumerate(rows) if row[0].lower() == "waveform-data")
        yield box_of(device), [float(row[1]) if row[1] else None for row in rows[begin + 1 :] if row]


def plain_csv(folder, _):
    with open(os.path.join(folder, "waveforms.csv"), newline="") as file:
        yield from by_box((row["event_id"], row["box_id"], float(row["volts"])) for row in csv.DictReader(file))


def parquet(folder, _):
    import duckdb

    rows = duckdb.sql(f"select event_id, box_id, counts / calibration_constant from read_parquet('{folder}/waveforms.parquet') order by timestamp_us").fetchall()
    yield from by_box(rows)


def ndjson(folder, _):
    with open(os.path.join(folder, "events.ndjson"), encoding="utf-8") as file:
        for document in map(json.loads, file):
            if "counts" in document:
                constant = document["calibration_constant"]
                yield document["box_id"], [count / constant for count in document["counts"]]


def wav(folder, constants):
    for path in glob.glob(os.path.join(folder, "*.wav")):
        with wave.open(path) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (12000, 1, 2), path
            counts = array("h", file.readframes(file.getnframes()))
        box = box_of(os.path.splitext(path)[0])
        yield box, [count / constants[box] for count in counts]


def by_box(rows):
    series = {}
    for event, box, volts in rows:
        series.setdefault((event, box), []).append(volts)
    for (_, box), volts in series.items():
        yield box, volts


READERS = {"csv": plain_csv, "comtrade": comtrade, "pqdif": pqdif, "pqds": pqds, "parquet": parquet, "ndjson": ndjson, "wav": wav}


def main(name, folder, constants):
    result = {}
    for box, volts in READERS[name](folder, json.loads(constants)):
        result[box] = min(result.get(box, float("inf")), lowest(volts))
    json.dump(result, sys.stdout)


main(*sys.argv[1:])
