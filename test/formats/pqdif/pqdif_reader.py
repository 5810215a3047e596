"""A second reader of PQDIF (IEEE Std 1159.3), for tests only.

Written from the tables of the standard (physical structure: Annex A; tags and ids: Annex B), and not from the reader in formats/pqdif: the two
share no code and no table, so that a misreading in one shows. It is strict: what it does not expect is an error. Standard library only.

    python3 pqdif_reader.py FILE     prints one JSON object
"""

import json
import struct
import sys
import zlib
from datetime import datetime, timedelta, timezone
from uuid import UUID

SIGNATURE = UUID("4a111440-e49f-11cf-9900-505144494600")
HEADER = struct.Struct("<16s16siiiI16x")
ELEMENT = struct.Struct("<16sbbbb8s")
EPOCH = datetime(1900, 1, 1, tzinfo=timezone.utc)

# Families of the tags: the standard's ids differ in the first field only.
FAMILIES = {
    "A": "{}-f1c3-11cf-9d89-0080c72e70a3",
    "B": "{}-f5f5-11cf-9d89-0080c72e70a3",
    "C": "{}-f76e-11cf-9d89-0080c72e70a3",
    "D": "{}-f755-11cf-9d89-0080c72e70a3",
    "E": "{}-f9c4-11cf-9d89-0080c72e70a3",
    "F": "{}-cb4a-11d2-b30b-fe25cb9a1760",
    "G": "{}-f753-11cf-9d89-0080c72e70a3",
    "H": "{}-b451-11d1-ae17-0060083a2628",
    "I": "{}-9ff5-11d2-b30b-006008b37183",
}


def guid(family, first):
    return UUID(FAMILIES[family].format(first))


TAGS = {
    guid("A", "89738606"): "container",
    guid("A", "89738619"): "dataSource",
    guid("B", "b48d858c"): "monitorSettings",
    guid("A", "8973861a"): "observation",
    guid("A", "89738607"): "versionInfo",
    guid("A", "89738608"): "fileName",
    guid("A", "89738609"): "creation",
    guid("A", "8973861b"): "compressionStyle",
    guid("A", "8973861c"): "compressionAlgorithm",
    guid("A", "89738617"): "notes",
    guid("A", "8973860d"): "title",
    guid("A", "89738623"): "application",
    guid("B", "b48d8581"): "dataSourceType",
    guid("B", "b48d8587"): "nameDS",
    guid("B", "b48d8589"): "locationDS",
    guid("B", "b48d858d"): "channelDefns",
    guid("B", "b48d858e"): "oneChannelDefn",
    guid("B", "b48d858f"): "channelDefnIdx",
    guid("B", "b48d8590"): "channelName",
    guid("B", "b48d8591"): "phase",
    guid("B", "b48d8592"): "quantityType",
    guid("D", "c690e872"): "quantityMeasured",
    guid("B", "b48d8595"): "quantityName",
    guid("B", "b48d8596"): "primarySeriesIdx",
    guid("B", "b48d8598"): "seriesDefns",
    guid("B", "b48d859a"): "oneSeriesDefn",
    guid("B", "b48d859b"): "quantityUnits",
    guid("B", "b48d859c"): "valueType",
    guid("C", "3d786f9e"): "quantityCharacteristic",
    guid("B", "b48d85a1"): "storageMethod",
    guid("F", "0fa118c8"): "seriesNominalQuantity",
    guid("E", "62f28183"): "effective",
    guid("C", "3d786f85"): "timeInstalled",
    guid("E", "62f28180"): "useCalibration",
    guid("E", "62f28181"): "useTransducer",
    guid("E", "62f28182"): "channelSettings",
    guid("F", "0fa118c3"): "nominalFrequency",
    guid("C", "3d786f9a"): "oneChannelSetting",
    guid("E", "62f2818a"): "systemSideRatio",
    guid("E", "62f2818b"): "monitorSideRatio",
    guid("C", "3d786f8a"): "observationName",
    guid("C", "3d786f8b"): "timeCreate",
    guid("C", "3d786f8c"): "timeStart",
    guid("C", "3d786f8d"): "triggerMethod",
    guid("C", "3d786f8e"): "timeTriggered",
    guid("C", "3d786f90"): "observationSerial",
    guid("C", "3d786f91"): "channelInstances",
    guid("C", "3d786f92"): "oneChannelInst",
    guid("C", "3d786f93"): "seriesInstances",
    guid("C", "3d786f94"): "oneSeriesInstance",
    guid("C", "3d786f95"): "seriesBaseQuantity",
    guid("C", "3d786f96"): "seriesScale",
    guid("C", "3d786f97"): "seriesOffset",
    guid("C", "3d786f99"): "seriesValues",
    guid("A", "8973861f"): "shareChannel",
    guid("A", "89738620"): "shareSeries",
}
QUANTITY_TYPES = {guid("G", "67f6af80"): "waveform", guid("G", "67f6af81"): "phasor", guid("G", "67f6af82"): "valueLog"}
VALUE_TYPES = {
    guid("D", "c690e862"): "time",
    guid("G", "67f6af97"): "value",
    guid("G", "67f6af98"): "min",
    guid("G", "67f6af99"): "max",
    guid("G", "67f6af9a"): "average",
    guid("G", "67f6af9b"): "instantaneous",
}
CHARACTERISTICS = {
    guid("H", "a6b31adf"): "none",
    guid("H", "a6b31add"): "instantaneous",
    guid("H", "a6b31ae5"): "rms",
    guid("H", "a6b31aec"): "thd",
    guid("I", "07ef68af"): "frequency",
}
# Physical types: size and struct letter.
NUMBERS = {1: "B", 2: "h", 3: "i", 20: "b", 21: "h", 22: "i", 30: "B", 31: "H", 32: "I", 40: "f", 41: "d"}
SIZES = {10: 1, 11: 2, 42: 8, 43: 16, 50: 12, 60: 16, **{k: struct.calcsize("<" + v) for k, v in NUMBERS.items()}}


def need(condition, what):
    if not condition:
        raise ValueError(what)


def values(kind, raw):
    """Values of one physical type, one after the other."""
    if kind == 10:
        return raw.split(b"\0")[0].decode("latin-1")
    if kind == 11:
        return raw.decode("utf-16-le").split("\0")[0]
    if kind == 50:
        return [{"day": d, "seconds": s} for d, s in struct.iter_unpack("<Id", raw)]
    if kind == 60:
        return [UUID(bytes_le=raw[i : i + 16]) for i in range(0, len(raw), 16)]
    if kind in (42, 43):
        return [list(x) for x in struct.iter_unpack("<ff" if kind == 42 else "<dd", raw)]
    return list(struct.unpack(f"<{len(raw) // SIZES[kind]}{NUMBERS[kind]}", raw))


def collection(body, at, depth=0):
    """List of (tag, value): a dictionary would hide a tag that stands twice."""
    need(depth < 16, "too deep")
    need(0 <= at <= len(body) - 4 and at % 4 == 0, f"collection at {at}")
    (count,) = struct.unpack_from("<i", body, at)
    need(0 <= count <= (len(body) - at - 4) // 28, f"{count} elements at {at}")
    result = []
    for i in range(count):
        tag, element, kind, embedded, _, rest = ELEMENT.unpack_from(body, at + 4 + 28 * i)
        link, size = struct.unpack("<ii", rest)
        tag = UUID(bytes_le=tag)
        name = TAGS.get(tag, str(tag))
        if element == 1:
            need(link > at, f"{name}: link {link} leads back")
            result.append((name, collection(body, link, depth + 1)))
        elif element == 2:
            raw = rest if embedded else body[link : link + SIZES[kind]]
            result.append((name, (values(kind, raw[: SIZES[kind]]) if kind != 10 else [raw[0]])[0]))
        elif element == 3:
            need(0 <= link <= len(body) - 4 and link % 4 == 0, f"{name}: vector at {link}")
            (n,) = struct.unpack_from("<i", body, link)
            need(0 <= n and link + 4 + n * SIZES[kind] <= len(body), f"{name}: {n} values at {link}")
            need(size >= 4 + n * SIZES[kind], f"{name}: said to have {size} bytes")
            result.append((name, values(kind, body[link + 4 : link + 4 + n * SIZES[kind]])))
        else:
            raise ValueError(f"element type {element}")
    return result


def records(data):
    at, seen, algorithm, style = 0, set(), 0, 0
    while True:
        need(at not in seen and 0 <= at <= len(data) - 64, f"record at {at}")
        seen.add(at)
        signature, tag, header, size, following, checksum = HEADER.unpack_from(data, at)
        need(UUID(bytes_le=signature) == SIGNATURE, f"no record at {at}")
        body = data[at + header : at + header + size]
        need(len(body) == size, f"record at {at} ends past the file")
        need(checksum in (0, zlib.adler32(body)), f"checksum of the record at {at}")
        if style == 2 and algorithm == 1:
            body = zlib.decompress(body)
        name = TAGS.get(UUID(bytes_le=tag), "unknown")
        content = collection(body, 0)
        if name == "container":
            style, algorithm = first(content, "compressionStyle", 0), first(content, "compressionAlgorithm", 0)
        yield name, content
        if following == 0:
            return
        at = following


def first(pairs, name, default=None):
    return next((value for key, value in pairs if key == name), default)


def every(pairs, name):
    return [value for key, value in pairs if key == name]


def time(timestamp):
    if timestamp is None or timestamp["day"] == 0xFFFFFFFF:
        return None
    at = EPOCH + timedelta(days=timestamp["day"], seconds=timestamp["seconds"])
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def series_values(definition, instance, ratio):
    method = first(definition, "storageMethod")
    raw = first(instance, "seriesValues")
    if method & 4:
        # The ids' table says: "#rates, numpts1, rate1 ... numptsN, rateN". As in the working group's sample library, a step is added
        # after each value of its section, so the last one leads to the first value of the next section.
        result, following = [], 0.0
        for count, step in zip(raw[1 : 1 + 2 * int(raw[0]) : 2], raw[2 : 2 + 2 * int(raw[0]) : 2]):
            for _ in range(int(count)):
                result.append(following)
                following += step
    else:
        result = raw
    if method & 2:
        scale, offset = first(instance, "seriesScale", 1), first(instance, "seriesOffset", 0)
        result = [value * scale + offset for value in result]
    if raw and isinstance(raw[0], dict):
        return [time(value) for value in result]
    return [value * ratio for value in result] if ratio != 1 else result


def observation(content, source, settings):
    defns = every(first(source, "channelDefns"), "oneChannelDefn")
    own = every(first(settings or [], "channelSettings", []), "oneChannelSetting")
    use = bool(settings and first(settings, "useTransducer", 0))
    instances = every(first(content, "channelInstances"), "oneChannelInst")
    channels = []
    for instance in instances:
        defn = defns[first(instance, "channelDefnIdx")]
        setting = next((s for s in own if first(s, "channelDefnIdx") == first(instance, "channelDefnIdx")), [])
        sides = first(setting, "systemSideRatio"), first(setting, "monitorSideRatio")
        ratio = sides[0] / sides[1] if use and None not in sides else 1
        definitions = every(first(defn, "seriesDefns"), "oneSeriesDefn")
        series = []
        for i, one in enumerate(every(first(instance, "seriesInstances"), "oneSeriesInstance")):
            definition = definitions[i]
            kind = VALUE_TYPES.get(first(definition, "valueType"), str(first(definition, "valueType")))
            where = one, definition
            if first(one, "shareChannel") is not None:
                other = instances[first(one, "shareChannel")]
                index = first(one, "shareSeries")
                shared = every(first(other, "seriesInstances"), "oneSeriesInstance")[index]
                other_defn = defns[first(other, "channelDefnIdx")]
                where = shared, every(first(other_defn, "seriesDefns"), "oneSeriesDefn")[index]
            series.append(
                {
                    "valueType": kind,
                    "units": first(definition, "quantityUnits"),
                    "characteristic": CHARACTERISTICS.get(first(definition, "quantityCharacteristic"), "other"),
                    "storage": first(where[1], "storageMethod"),
                    "nominal": first(definition, "seriesNominalQuantity"),
                    "values": series_values(where[1], where[0], 1 if kind == "time" else ratio),
                }
            )
        channels.append(
            {
                "name": first(defn, "channelName", ""),
                "phase": first(defn, "phase"),
                "quantity": QUANTITY_TYPES.get(first(defn, "quantityType"), "other"),
                "measured": first(defn, "quantityMeasured"),
                "series": series,
            }
        )
    return {
        "name": first(content, "observationName", ""),
        "start": time(first(content, "timeStart")),
        "triggered": time(first(content, "timeTriggered")),
        "triggerMethod": first(content, "triggerMethod"),
        "channels": channels,
    }


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    result = {"sources": [], "settings": [], "observations": []}
    source = settings = None
    for name, content in records(data):
        if name == "container":
            keys = ("fileName", "versionInfo", "compressionStyle", "compressionAlgorithm", "title", "application", "notes")
            result["container"] = {key: first(content, key) for key in keys}
            result["container"]["creation"] = time(first(content, "creation"))
        elif name == "dataSource":
            source, settings = content, None
            channels = every(first(content, "channelDefns"), "oneChannelDefn")
            names = [first(one, "channelName", "") for one in channels]
            result["sources"].append({"name": first(content, "nameDS"), "location": first(content, "locationDS"), "channels": names})
        elif name == "monitorSettings":
            settings = content
            result["settings"].append({"nominalFrequency": first(content, "nominalFrequency")})
        elif name == "observation":
            result["observations"].append(observation(content, source, settings))
    return result


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout)
