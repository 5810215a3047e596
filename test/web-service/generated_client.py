"""Reads an event with the client that openapi-python-client has generated; prints what it read as JSON.

usage: generated_client.py FOLDER BASE TOKEN EVENT_ID BOX_ID NO_EVENT_ID
"""

import json
import sys

folder, base, token, event_id, box_id, no_event_id = sys.argv[1:]
sys.path.insert(0, folder)

from makai_client import AuthenticatedClient, Client  # noqa: E402
from makai_client.api.events import export_event, get_event, get_waveform, list_events  # noqa: E402
from makai_client.models import ExportEventFormat, GetWaveformFormat  # noqa: E402

client = AuthenticatedClient(base_url=base, token=token)
page = list_events.sync(client=client)
event = get_event.sync(int(event_id), client=client)
waveform = get_waveform.sync(int(event_id), box_id, client=client, format_=GetWaveformFormat.JSON)
export = export_event.sync_detailed(int(event_id), client=client, format_=ExportEventFormat.COMTRADE)
missing = get_event.sync(int(no_event_id), client=client)
stranger = get_event.sync(int(event_id), client=Client(base_url=base))

print(
    json.dumps(
        {
            "listed": [one.event_id for one in page.items],
            "event": event.event_id,
            "boxes": [one.box_id for one in event.box_events],
            "silent": event.boxes_silent,
            "classes": [one.classifications for one in event.incidents],
            "samples": len(waveform.volts),
            "min_volts": min(waveform.volts),
            "export": export.content[:2].decode(),
            "missing": missing.code,
            "stranger": stranger.code,
        }
    )
)
