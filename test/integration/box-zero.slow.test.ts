/** A box that still has the default id 0, of both generations, with the daemons as processes over CURVE: let in, stored, asked, and named. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace } from '../../cli/up/workspace.js';
import { openStore } from '../../store/open.js';
import { makai, Programs } from '../cli/run-process.js';
import { until } from '../support/until.js';

for (const generation of ['2', '3'])
  describe(`box 0 as a Box ${generation}`, function () {
    this.timeout(400_000);
    const folder = mkdtempSync(join(tmpdir(), 'makai-zero-'));
    const programs = new Programs();
    after(async () => {
      await programs.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    it('has the finding DEFAULT_ID; its measurements and its waveform are stored', async () => {
      const { configs, endpoints, keyDirectory, storeUrl } = await prepareWorkspace(folder, ['0']);
      for (const kind of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const)
        assert.match((await programs.start(kind, configs[kind]).line()) ?? '', /"ready"/);
      programs.start(
        'box',
        ...[
          '--dialect',
          generation,
          '--first-id',
          '0',
          '--keys',
          keyDirectory,
          '--source',
          'quiet',
          '--json',
        ],
        ...['--measurements', endpoints.measurements],
        ...['--commands', endpoints.commands, '--replies', endpoints.replies],
      );
      await until('DEFAULT_ID', async () => {
        const { stdout } = await makai(['boxes', 'health', '0', '--dir', folder]);
        return /^ {2}DEFAULT_ID since .*\n {4}do: /m.test(stdout);
      });
      await until('the doctor names it', async () => {
        const { stdout } = await makai(['doctor', '--dir', folder]);
        return /WRONG +boxes +box 0: DEFAULT_ID: it sends as box 0\n/.test(stdout);
      });
      const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
      const store = await openStore(storeUrl, { retention });
      try {
        await until('stored measurements', async () => {
          for await (const _ of store.measurements('0', { limit: 1 })) return true;
          return false;
        });
      } finally {
        await store.close();
      }
      const asked = await makai(['request', '--boxes', '0', '--last', '1', '--wait', '120', '--dir', folder]);
      assert.equal(asked.code, 0, asked.stderr);
    });
  });
