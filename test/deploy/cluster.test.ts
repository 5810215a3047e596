/** The compose file of a cluster, and what of the chart for Kubernetes can be judged by reading it. Rendered and run: test/deploy/helm, test/image. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { checkValue } from '../../config/check.js';
import { isKind, KIND_NAMES, KINDS } from '../../config/kinds.js';
import { rightsOf } from '../support/nats-config.js';

const text = (path: string): string => readFileSync(join(PACKAGE_ROOT, 'deploy', path), 'utf8');

interface Service {
  command?: string | string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
}

describe('deploy/docker/compose.cluster.yaml', () => {
  const file = text('docker/compose.cluster.yaml');
  const { services, volumes } = parse(file, { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, null>;
  };
  const daemons = Object.entries(services).flatMap(([name, service]) => {
    const { command } = service;
    if (typeof command !== 'string' || !isKind(command)) return [];
    const inline = service.environment?.[KINDS[command].variable] ?? '';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is in the file
    const settings: unknown = JSON.parse(inline.replace('${MONGO_URI}', 'mongodb://db.example.org/opq'));
    return [{ name, kind: command, service, settings }];
  });

  it('has all daemons, two triggering services and three servers of NATS', () => {
    assert.deepEqual([...new Set(daemons.map(({ kind }) => kind))].sort(), [...KIND_NAMES].sort());
    assert.equal(daemons.filter(({ name }) => name.startsWith('triggering-service-')).length, 2);
    assert.equal(Object.keys(services).filter((name) => name.startsWith('nats-')).length, 3);
  });

  it('the settings of the daemons are sound, and name services that are there', () => {
    for (const { kind, name, settings } of daemons) {
      const { findings } = checkValue(settings, kind);
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
        name,
      );
      for (const [, host = ''] of JSON.stringify(settings).matchAll(
        /"(?:(?:tcp|nats):\/\/)?([a-z][a-z-]+\d?):\d+"/g,
      ))
        assert.ok(host in services, `${name}: ${host}`);
    }
  });

  it('gives a state to one daemon only, and to each that has one', () => {
    const states = Object.entries(services).flatMap(([name, service]) =>
      (service.volumes ?? [])
        .filter((one) => !one.startsWith('./'))
        .map((one) => ({ name, volume: one.split(':')[0] })),
    );
    assert.deepEqual(states.map(({ volume }) => volume).sort(), Object.keys(volumes).sort());
    assert.ok(states.every(({ name, volume }) => volume === name));
  });

  it('publishes to the network what boxes need and nothing else', () => {
    const open = Object.values(services).flatMap(({ ports = [] }) =>
      ports.filter((one) => !one.startsWith('127.0.0.1:')),
    );
    assert.deepEqual(open.sort(), ['8194:8194', '8196:8196', '9880:9880']);
  });

  it('gives the users of NATS the rights of docs/cluster.md', () => {
    const configuration = text('docker/nats.conf');
    const lists = [...configuration.matchAll(/publish: (\[.*\])/g)].map(
      ([, list = '']) => JSON.parse(list) as string[],
    );
    // Both brokers are one user.
    assert.deepEqual(lists, [[...rightsOf('broker'), ...rightsOf('acquisition')], rightsOf('service')]);
  });
});

/** Part of a JSON Schema. */
interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  $ref?: string;
  definitions?: Record<string, Schema>;
}

describe('deploy/helm/makai', () => {
  const schema = JSON.parse(text('helm/makai/values.schema.json')) as Schema;
  const values = parse(text('helm/makai/values.yaml')) as Record<string, unknown>;

  it('has the version of the package', () => {
    const { appVersion, version } = parse(text('helm/makai/Chart.yaml')) as Record<string, string>;
    assert.deepEqual([version, appVersion], [VERSION, VERSION]);
  });

  it('gives the users of NATS the rights of docs/cluster.md', () => {
    const rights: unknown = parse(text('helm/makai/files/nats-rights.yaml'));
    assert.deepEqual(rights, {
      broker: rightsOf('broker'),
      acquisition: rightsOf('acquisition'),
      service: rightsOf('service'),
    });
  });

  it('explains each value in its schema, and has a default for each', () => {
    const shapeOf = (one: Schema): Schema => ({
      ...schema.definitions?.[one.$ref?.split('/').at(-1) ?? ''],
      ...one,
    });
    const compare = (path: string, value: unknown, given: Schema): void => {
      const { description, properties } = shapeOf(given);
      if (path !== '') assert.ok(description !== undefined, `${path} is not explained`);
      if (properties === undefined) return;
      assert.ok(typeof value === 'object' && value !== null, `${path} has no default`);
      const names = Object.keys(properties).filter((name) => name !== 'global');
      if (path.endsWith('.resources')) return;
      assert.deepEqual(Object.keys(value).sort(), names.sort(), path);
      for (const name of names) compare(`${path}.${name}`, Reflect.get(value, name), properties[name] ?? {});
    };
    compare('', values, schema);
  });
});
