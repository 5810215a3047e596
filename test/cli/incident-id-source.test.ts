import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incidentIdSource } from '../../cli/incident-id-source.js';

const ENDPOINT = 'tcp://127.0.0.1:9777';

describe('cli: where makai analyse has its incident ids from', () => {
  let directory = '';
  const file = (): string => join(directory, 'analysis_service.json');
  const store = (): string => `sqlite:${join(directory, 'makai', 'makai.db')}`;
  const settings = (fields: Record<string, unknown>): void =>
    writeFileSync(
      file(),
      JSON.stringify({ zmq_data_endpoint: 'tcp://127.0.0.1:9899', store: store(), ...fields }),
      { mode: 0o600 },
    );

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'makai-ids-'));
    mkdirSync(join(directory, 'makai'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("the endpoint in the analysis service's file, where that is for the same store", () => {
    settings({ incident_id_endpoint: ENDPOINT });
    const named = { store: `config:${file()}` };
    assert.deepEqual(incidentIdSource(named), { endpoint: ENDPOINT });
    settings({});
    assert.deepEqual(incidentIdSource(named), { endpoint: undefined });
  });

  it('in a working folder too; of another store it is not', () => {
    settings({ incident_id_endpoint: ENDPOINT, store: `sqlite:${join(directory, 'makai.db')}` });
    assert.deepEqual(incidentIdSource({ dir: directory }), { endpoint: ENDPOINT });
    settings({ incident_id_endpoint: ENDPOINT, store: 'sqlite:/nowhere/else.db' });
    assert.deepEqual(incidentIdSource({ dir: directory }), { endpoint: undefined });
  });

  it('a relative folder and the absolute path in the file lead to one store', () => {
    const before = process.cwd();
    settings({ incident_id_endpoint: ENDPOINT, store: `sqlite:${join(directory, 'makai.db')}` });
    process.chdir(directory);
    try {
      assert.deepEqual(incidentIdSource({ dir: '.' }), { endpoint: ENDPOINT });
    } finally {
      process.chdir(before);
    }
  });

  it('what cannot be read is said', () => {
    writeFileSync(file(), '{ "store": ', { mode: 0o600 });
    const { endpoint, note } = incidentIdSource({ dir: directory });
    assert.equal(endpoint, undefined);
    assert.match(note ?? '', /analysis_service\.json/);
  });
});
