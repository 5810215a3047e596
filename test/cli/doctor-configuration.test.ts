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
  const given = (kind: Kind, store: string): void =>
    writeFileSync(
      configFileIn(folder, kind),
      JSON.stringify({ ...exampleConfig(kind), store, status: 'off' }),
      { mode: 0o600 },
    );
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
});
