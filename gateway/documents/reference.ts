/** The text of docs/mqtt.md: the topics and documents as they are, the rest as people need it. */
import { FIRST_OTHER_ID, GATEWAY_BOX_ID } from '../../common/box-id.js';
import { schemaOf } from './asyncapi.js';
import { TOPICS, type TopicInfo } from './topics.js';

type Json = Readonly<Record<string, unknown>>;

const INTRODUCTION = `# MQTT

The gateway (\`makai gateway\`) publishes live measurements, trends, events, incidents and the state of boxes and daemons over MQTT, and takes requests. All payloads are
JSON objects with the field names of the [data model](data-model.md); times are Unix ms UTC. [mqtt.asyncapi.json](mqtt.asyncapi.json) is the same as an AsyncAPI 3 document.

## The broker

Without \`mqtt.url\` the gateway has a small broker of its own (MQTT 3.1.1) at \`mqtt.listen\`, 127.0.0.1:1883. \`makai up\` prints its address:

\`\`\`sh
mosquitto_sub -h 127.0.0.1 -p 1883 -v -t 'makai/#'
\`\`\`

Outside of \`makai up\` it asks for the name and password of a user of the web service (\`makai users add\`); an API token of that user can be used as the password. A viewer subscribes
to any topic. An operator also publishes to \`makai/requests/…\`, \`makai/replies/…\`, \`notifications\` and to every topic that does not begin with \`makai/\`. Only the gateway publishes the rest. A user who
is removed, whose role or password changes, or whose token is revoked, is disconnected within seconds. A packet may have 256 KiB, and 1000 clients may be connected. This broker keeps no sessions: what is published
while a client is not connected, or the gateway restarts, the client does not get. A client that does not read for five seconds is disconnected. Where that matters, use a broker such as Mosquitto: add this to \`/etc/opq/gateway.json\` and run \`sudo systemctl restart makai-gateway\`.
The password file must be readable by the user \`opq\` and by no other user: \`sudo install -m 640 -o root -g opq mqtt.password /etc/opq/\`.

\`\`\`json
{
  "mqtt": {
    "url": "mqtts://broker.example.org:8883",
    "user": "makai",
    "password_file": "/etc/opq/mqtt.password",
    "ca": "/etc/opq/mqtt-ca.pem"
  }
}
\`\`\`

MQTT 5 and 3.1.1, TLS and client certificates (\`cert\`, \`key\`) are possible; [configuration.md](configuration.md) has every setting. What others publish for the gateway
(requests, notifications, inputs of rules) waits at the broker while the gateway restarts, and is confirmed when the gateway has taken it. An event request is confirmed when it is received:
it is lost if the gateway stops before it replies, so send it again if no reply comes. The session is persistent under \`client_id\`. In the access list of the broker the user of the gateway needs these rights:

| topics | right | for |
|---|---|---|
| \`makai/#\` | write | everything that the gateway publishes |
| \`makai/requests/#\` | read | event requests |
| the topics that requests name in \`reply_to\` | write | replies |
| \`notifications\` | read | notifications of other programs |
| the topics of \`filters\` and \`rules\` | read | inputs of [rules](alerts.md) |
| the topics that filters and rules publish to (those of rules begin with \`!\`) | write | their results |
| the topics of \`meters.topics\`, with \`+\` for \`{name}\` | read | meters |
| \`homeassistant/#\` | write | with \`home_assistant\` |
| the topics of \`bridge\` | read for \`out\`, write for \`in\` | the bridge |

Give others \`makai/requests/#\` with care: it makes boxes send waveforms.

## What is kept

| what | while the broker is unavailable | after a crash |
|---|---|---|
| events, incidents, groups | wait on disk in \`state\`, in order; when \`outbox.max_bytes\` are reached the gateway stops reading the store, which keeps them | published from where it was; a message that was under way may come twice |
| trends | wait in the store, 24 hours | published from where it was; the last ones may come twice |
| states (retained) | the newest of each topic is published when the broker is available again | published again |
| live measurements | the newest \`outbox.measurements\` wait in memory; older ones are dropped and counted | lost |

Everything is published at QoS 1. What was stored before the first start of the gateway is not published.

## Home Assistant

With \`"home_assistant": "homeassistant"\` (its discovery prefix) in \`/etc/opq/gateway.json\` each box in use appears in Home Assistant as a device with voltage, frequency, THD, and whether something is wrong with it. A
box that is removed or unplugged disappears from Home Assistant too, while the gateway runs. Values need \`measurements.per_second\`; a value that is a minute old is shown as unknown.

## Meters

Any meter that publishes JSON, for example a smart plug, becomes a source of measurements. Its values are stored and shown as those of a box: trends, plugins and events, the page, exports.

The plug and the gateway must use the same broker:

- A broker such as Mosquitto in the network of the plugs. The gateway connects to it with \`mqtt.url\` (above).
- Or the gateway's own broker, for plugs that speak TLS: \`"mqtt": { "listen": "0.0.0.0:8883", "tls": { "cert": "...", "key": "..." } }\`. The plug logs in with the name and the password (or a token) of a user with the role operator.

Set up the plug so that it publishes often enough. Tasmota: \`TelePeriod 10\` on its console (by default it publishes every 300 s). Shelly: enable MQTT, and in its MQTT settings "Generic status update over MQTT".

The gateway needs a key, as a box does. Make it once, before you add \`meters\`: \`sudo makai keys new-gateway\`. If the triggering broker admits boxes by the store alone (\`white_list\` is \`store\`), write the public key into the
record of box ${GATEWAY_BOX_ID} too:

\`\`\`sh
sudo makai boxes add ${GATEWAY_BOX_ID} --name gateway --unplugged --certificate /etc/opq/curve/public_keys/gateway --store config:/etc/opq/makai.conf
\`\`\`

Then say where the values are, under \`meters\` in \`/etc/opq/gateway.json\`, and run \`sudo systemctl restart makai-gateway\`:

\`\`\`json
{
  "meters": {
    "topics": [
      {
        "topic": "tele/{name}/SENSOR",
        "voltage": { "path": "ENERGY.Voltage", "unit": "V" },
        "nominal_voltage": 230,
        "nominal_frequency": 50,
        "silent_after_seconds": 900
      },
      {
        "topic": "zigbee2mqtt/{name}",
        "voltage": { "path": "voltage", "unit": "V" },
        "frequency": { "path": "ac_frequency", "unit": "Hz" },
        "nominal_voltage": 230,
        "nominal_frequency": 50
      },
      {
        "topic": "{name}/status/switch:0",
        "voltage": { "path": "voltage" },
        "frequency": { "path": "freq" },
        "nominal_voltage": 230,
        "nominal_frequency": 50,
        "silent_after_seconds": 900
      },
      {
        "topic": "{name}/status/em:0",
        "name": "{name} phase A",
        "voltage": { "path": "a_voltage" },
        "frequency": { "path": "a_freq" },
        "nominal_voltage": 230,
        "nominal_frequency": 50
      },
      {
        "topic": "home/cellar",
        "name": "cellar",
        "voltage": { "path": "v", "unit": "V" },
        "frequency": { "path": "f", "unit": "Hz" },
        "thd": { "path": "thd", "unit": "%" },
        "time": { "path": "t", "unit": "s" },
        "nominal_voltage": 230,
        "nominal_frequency": 50
      }
    ]
  }
}
\`\`\`

These are the messages of Tasmota, zigbee2mqtt, a Shelly plug (Gen2 or later, such as Shelly Plus Plug S), phase A of a Shelly Pro 3EM, and a program of your own that publishes \`{"v": 230.1, "f": 50.01, "thd": 2.1, "t": 1795315200}\`.

- \`topic\` may have \`+\` and \`#\`. \`{name}\` stands for the level that names the meter. \`name\` makes the name of the meter from it (default: the level itself). Topics that make the same name are of the same meter.
- \`path\` names fields with dots; a number is a place in a list, from 0 on; \`""\` is a payload that is nothing but a number. Units: \`V\`, \`mV\`, \`kV\`; \`Hz\`, \`mHz\`; \`%\`, \`ratio\`. What is missing or \`null\` is not
  known, and is left out of the measurement.
- Without \`time\` a measurement has the time at which it was received, and what is published while the gateway does not run is lost. With \`time\` (\`ms\` or \`s\` since 1970, or \`iso\` with a time zone) it has its own,
  of the last 24 hours.
- \`nominal_voltage\`, \`nominal_frequency\` and \`location\` are written into the record of a new meter. Later, change them as of a box: \`sudo makai boxes set\`. Without them the nominal values of the services count, as for a
  box: 120 V and 60 Hz as installed.
- Accepted are 0 to 1,000,000 V (with \`nominal_voltage\` at most three times that), 1 to 1000 Hz, and a THD of 0 to 1000 %. So a battery sensor of zigbee2mqtt, whose \`voltage\` is in mV (3005), becomes no meter: its messages
  are counted as \`meter_out_of_range\`.
- A meter that has published nothing for \`silent_after_seconds\` (default 300; 0: never) has the finding METER_SILENT ([box-health.md](box-health.md#meter_silent)). The entry that read its last message decides. After a restart
  of the gateway, until the meter is heard, the longest time of all entries that could make its name counts (0 is the longest).

In \`makai up\` all is there: it reads \`meters/{name}\` with \`voltage\`, \`frequency\` and \`thd\`. Its file \`gateway.json\` in the working
folder may name other topics; they are kept.

\`\`\`sh
mosquitto_pub -h 127.0.0.1 -p 1883 -t meters/kitchen -m '{"voltage": 118.7, "frequency": 59.98}'
\`\`\`

A new meter gets the next free id from ${FIRST_OTHER_ID} on, and a record in \`opq_boxes\` with \`kind: meter\`; the id stays that of the name, also when the record gets another name. Its measurements begin a minute later, when all
services have read the record. A meter is never asked for waveforms: its events have none. It is not expected to send, so it has no outage. Meters are not announced to Home Assistant.

Messages that are no measurement are counted under \`refused\` in \`makai status --all\`: no JSON, no number where one is expected, values outside of these limits, more than 10 per second of one meter, more than \`max_meters\` names, messages that the broker
had kept and that have no time of their own. Topics of the gateway and of its rules cannot be mapped.

## A bridge to a second broker

\`\`\`json
{
  "bridge": {
    "url": "mqtts://central.example.org:8883",
    "user": "site1",
    "password_file": "/etc/opq/bridge.password",
    "topics": [
      { "filter": "makai/#", "direction": "out", "remote_prefix": "site1/" },
      { "filter": "weather/#", "direction": "in" }
    ]
  }
}
\`\`\`

A message goes from the topic \`local_prefix\` + topic to \`remote_prefix\` + topic or the other way, at QoS 1. What a bridge passed on with \`both\` comes back from the other side; it is recognised and not
passed on again. \`max_messages\`, and 32 MiB, wait each way in memory while a broker is unavailable; then the oldest are dropped. \`makai status --all\` shows, under \`bridge\` of the gateway, \`buffer_size\`, \`buffer_max\`, \`buffer_dropped\` and the
messages \`in\` and \`out\`. Two bridges must not form a circle through a third broker: only what comes back directly is recognised.

## Topics
`;

/** Of topics that have no name of their own. */
const HEADINGS: Readonly<Record<string, string>> = {
  '{reply_to}': 'Reply to a request',
  '{meter_topic}': 'Topics of meters',
};

/** Markdown of the whole page. */
export function mqttReference(): string {
  return [INTRODUCTION, ...Object.values<TopicInfo>(TOPICS).map(section)].join('\n');
}

function section({ description, direction, parts, retained, schema, topic }: TopicInfo): string {
  const how = [
    direction === 'out' ? 'Published by the gateway' : 'Published by clients',
    retained ? 'retained' : 'not retained',
  ].join(', ');
  const names = Object.entries(parts).map(([name, text]) => `\`${name}\`: ${text}.`);
  const heading = HEADINGS[topic] ?? `\`${topic}\``;
  const fields = rows(schemaOf(schema, direction), '');
  return [
    `### ${heading}`,
    '',
    `${description}${description.endsWith('.') ? '' : '.'}`,
    '',
    [`${how}.`, ...names].join(' '),
    '',
    ...(fields.length === 0 ? [] : ['| field | type | what it is |', '|---|---|---|', ...fields, '']),
  ].join('\n');
}

function rows(schema: Json, prefix: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Json>;
  const required = new Set(schema.required as string[] | undefined);
  return Object.entries(properties).flatMap(([name, part]) => {
    const items = part.items as Json | undefined;
    const inner = part.type === 'array' && items?.properties !== undefined ? items : part;
    const optional = required.has(name) ? '' : ', optional';
    const row = `| \`${prefix}${name}\` | ${typeOf(part)}${optional} | ${String(part.description ?? '').replaceAll('|', '\\|')} |`;
    const below = inner === part ? `${prefix}${name}.` : `${prefix}${name}[].`;
    return [row, ...rows(inner, below)];
  });
}

function typeOf({ enum: values, items, type }: Json): string {
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as Json)}`;
  return type === undefined ? 'any' : type === 'object' ? 'object' : String(type);
}
