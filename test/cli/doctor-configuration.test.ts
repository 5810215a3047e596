import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuration } from '../../cli/doctor/configuration.js';
import { examine } from '../../cli/doctor/deployment.js';
import { exampleConfig } from '../../config/example.js';
import type { Kind } from '../../config/kind-names.js';
import { configFileIn } from '../../config/locate.js';

describe('cli/doctor: configuration', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-doctor-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (kind: Kind, settings: object): void =>
    writeFileSync(
      configFileIn(folder, kind),
      JSON.stringify({ ...exampleConfig(kind), ...settings, status: 'off' }),
      { mode: 0o600 },
    );
  const given = (kind: Kind, store: string): void => write(kind, { store });
  const wrongStores = async (): Promise<string[]> =>
    configuration(await examine(folder))
      .filter(({ subject, verdict }) => subject === 'store' && verdict === 'wrong')
      .map(({ message }) => message);

  it('one database under two URLs is one store for the analysis service; two databases are not', async () => {
    given('acquisition-broker', 'mongodb://b.example,a.example:27017');
    given('analysis-service', 'mongodb://A.example,b.example/opq');
    assert.deepEqual(await wrongStores(), []);
    given('analysis-service', 'mongodb://A.example,b.example/other');
    assert.match((await wrongStores()).join('\n'), /^the analysis service works on mongodb:.*other/);
  });

  it('of several triggering brokers any may be the one of this machine', async () => {
    const SETTINGS = ['zmq_trigger_endpoint', 'further_trigger_endpoints'];
    const said = async (): Promise<string[]> =>
      configuration(await examine(folder))
        .filter(({ subject }) => SETTINGS.includes(subject))
        .map(({ subject, verdict }) => `${verdict} ${subject}`);
    const [here, there, wrong] = ['tcp://127.0.0.1:9881', 'tcp://b.example:9881', 'tcp://127.0.0.1:1'];
    write('triggering-broker', { backend: 'tcp://127.0.0.1:9881' });
    for (const kind of ['analysis-service', 'triggering-service'] as const) {
      const follows = (first: string, ...further: string[]): void =>
        write(kind, { zmq_trigger_endpoint: first, further_trigger_endpoints: further });
      follows(here);
      assert.deepEqual(await said(), ['ok zmq_trigger_endpoint']);
      follows(there, wrong, here);
      assert.deepEqual(await said(), ['ok further_trigger_endpoints']);
      follows(here, wrong);
      assert.deepEqual(await said(), ['ok zmq_trigger_endpoint']);
      follows(there);
      assert.deepEqual(await said(), []);
      follows(wrong, there);
      assert.deepEqual(await said(), ['wrong zmq_trigger_endpoint']);
      follows(there, wrong);
      assert.deepEqual(await said(), ['wrong further_trigger_endpoints']);
      rmSync(configFileIn(folder, kind));
    }
  });
});
