import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { referenceBeside, settingsReference } from '../../cli/settings-reference.js';

const EUROPE = { voltage: 230, frequency: 50 };

describe('cli: the nominal values of a daemon for commands that judge', () => {
  let directory = '';
  const url = (): string => `sqlite:${join(directory, 'makai.db')}`;
  const put = (name: string, fields: Record<string, unknown>): string => {
    const file = join(directory, name);
    writeFileSync(file, JSON.stringify({ store: url(), ...fields }), { mode: 0o600 });
    return file;
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'makai-reference-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("are those of the named file, else of the analysis service's file for the same store", () => {
    const file = put('analysis_service.json', { nominal_voltage: 230, nominal_frequency: 50 });
    assert.deepEqual(settingsReference({ store: `config:${file}` }), EUROPE);
    assert.deepEqual(referenceBeside(url(), directory), EUROPE);
    assert.equal(referenceBeside('sqlite:/nowhere/else.db', directory), undefined);
  });

  it('a file that nobody named and that cannot be read is none; a named one is an error', () => {
    const file = join(directory, 'analysis_service.json');
    writeFileSync(file, '{ "store": ', { mode: 0o600 });
    assert.equal(referenceBeside(url(), directory), undefined);
    assert.throws(() => settingsReference({ store: `config:${file}` }), { code: 'CONFIG_UNREADABLE' });
  });

  it('in a working folder', () => {
    mkdirSync(join(directory, 'makai'));
    put('analysis_service.json', {
      ...{ nominal_voltage: 230, nominal_frequency: 50 },
      store: `sqlite:${join(directory, 'makai.db')}`,
    });
    assert.deepEqual(settingsReference({ dir: directory }), EUROPE);
  });
});
