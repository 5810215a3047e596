/** Mistakes in the gateway's file that one setting alone does not show. */
import type { Finding } from './findings.js';
import { hasName, isOwnTopic } from './meter-topics.js';
import { isLoopback, parseStatusEndpoint } from './types.js';

type Fields = Readonly<Record<string, unknown>>;

export function gatewayMistakes({ bridge, meters, mqtt }: Fields): Finding[] {
  return [...mqttMistakes(mqtt), ...bridgeMistakes(bridge), ...meterMistakes(meters)];
}

function meterMistakes(meters: unknown): Finding[] {
  const { topics } = (meters ?? {}) as Fields;
  if (meters === undefined) return [];
  if (!Array.isArray(topics)) return [mistake('meters.topics', 'expected a list of topics, found nothing')];
  return topics.flatMap((topic: unknown, i) =>
    typeof topic === 'object' && topic !== null
      ? meterTopicMistakes(`meters.topics[${i}]`, topic as Fields)
      : [],
  );
}

function meterTopicMistakes(path: string, fields: Fields): Finding[] {
  const { frequency, name = '{name}', thd, topic, voltage } = fields;
  const found: Finding[] = [];
  if ((voltage ?? frequency ?? thd) === undefined)
    found.push(mistake(path, 'expected "voltage", "frequency" or "thd", found none of them'));
  if (typeof topic !== 'string' || typeof name !== 'string') return found;
  if (isOwnTopic(topic))
    found.push(
      mistake(
        `${path}.topic`,
        `expected a topic of another program, found ${JSON.stringify(topic)}: what the gateway and its rules publish would become measurements again`,
      ),
    );
  if (name.includes('{name}') && !hasName(topic))
    found.push(
      mistake(
        `${path}.topic`,
        `expected {name} in the place of the name of the meter, found ${JSON.stringify(topic)}; or write "name"`,
      ),
    );
  return found;
}

const mistake = (path: string, message: string): Finding => ({ severity: 'error', path, message });

function bridgeMistakes(bridge: unknown): Finding[] {
  if (typeof bridge !== 'object' || bridge === null) return [];
  const fields = bridge as Fields;
  const missing = (['url', 'topics'] as const).filter((name) => fields[name] === undefined);
  return [
    ...clientMistakes('bridge', fields),
    ...missing.map((name): Finding => {
      return { severity: 'error', path: `bridge.${name}`, message: 'expected it in a bridge, found nothing' };
    }),
  ];
}

function mqttMistakes(mqtt: unknown): Finding[] {
  if (typeof mqtt !== 'object' || mqtt === null) return [];
  const fields = mqtt as Fields;
  return [...clientMistakes('mqtt', fields), ...(fields.url === undefined ? openToOthers(fields) : [])];
}

/** What needs something else with it. @param path of the object */
export function clientMistakes(path: string, fields: Fields): Finding[] {
  const found: Finding[] = [];
  const needs = (name: string, other: string, why: string): void => {
    if (fields[name] !== undefined && fields[other] === undefined)
      found.push({
        severity: 'error',
        path: `${path}.${other}`,
        message: `expected it together with ${path}.${name} (${why}), found nothing`,
      });
  };
  needs('cert', 'key', 'a certificate is of no use without its key');
  needs('key', 'cert', 'a key is of no use without its certificate');
  needs('password_file', 'user', 'a password belongs to a user');
  const { url } = fields;
  if (typeof url === 'string' && url.startsWith('mqtt:') && (fields.ca ?? fields.cert) !== undefined)
    found.push({
      severity: 'error',
      path: `${path}.url`,
      message:
        'expected an address that begins with mqtts:, since certificates are given, found one without TLS',
    });
  return found;
}

function openToOthers({ listen = '127.0.0.1:1883', login, tls }: Fields): Finding[] {
  const address = typeof listen === 'string' ? parseStatusEndpoint(listen) : undefined;
  if (address === undefined || !('host' in address) || isLoopback(address.host)) return [];
  const found: Finding[] = [];
  if (tls === undefined)
    found.push({
      severity: 'error',
      path: 'mqtt.listen',
      message: `expected "tls" with an address that other machines reach, found ${JSON.stringify(listen)} without: passwords would be sent in the clear. Or write "127.0.0.1:1883"`,
    });
  if (login === 'off')
    found.push({
      severity: 'error',
      path: 'mqtt.login',
      message: 'expected "on", since other machines reach this address; "off" lets everyone do everything',
    });
  return found;
}
