"""Reads COMTRADE recordings with PyPI's comtrade and prints what it found, a JSON document a line."""
import json
import math
import sys

from comtrade import Comtrade


def plain(values):
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in values]


for path in sys.argv[1:]:
    recording = Comtrade(ignore_warnings=True)
    try:
        try:
            recording.load(path)
        except UnicodeDecodeError:
            recording = Comtrade(ignore_warnings=True)
            recording.load(path, encoding="iso-8859-1")
    except Exception as error:  # what a foreign reader says is printed, whatever it is
        print(json.dumps({"path": path, "error": f"{type(error).__name__}: {error}"}))
        continue
    cfg = recording.cfg
    print(json.dumps({
        "path": path,
        "station": recording.station_name,
        "device": recording.rec_dev_id,
        "revision": recording.rev_year,
        "frequency": recording.frequency,
        "start": recording.start_timestamp.isoformat(timespec="microseconds"),
        "trigger": recording.trigger_timestamp.isoformat(timespec="microseconds"),
        "analog_ids": recording.analog_channel_ids,
        "units": [channel.uu for channel in cfg.analog_channels],
        "skews": [channel.skew for channel in cfg.analog_channels],
        "status_ids": recording.status_channel_ids,
        "time": plain(list(recording.time)),
        "analog": [plain(list(values)) for values in recording.analog],
        "status": [list(values) for values in recording.status],
    }))
