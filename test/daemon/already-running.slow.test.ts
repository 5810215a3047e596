/** Two daemons of one kind on one store, as processes: the second is refused, and a kill -9 of the first leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { Programs } from '../cli/run-process.js';

describe('a second daemon on the same store', function () {
  this.timeout(300_000);
  let folder = '';
  let workspace: Workspace;
  const programs = new Programs();
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-twice-'));
    workspace = await prepareWorkspace(folder, []);
  });
  afterEach(async () => {
    await programs.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const kind of ['triggering-service', 'acquisition-broker', 'analysis-service'] as const)
    it(`${kind}: ALREADY_RUNNING names the process; after its kill -9 the next one starts`, async () => {
      const fields = JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as Record<string, unknown>;
      // Its ports are its own: what both have is the store.
      const ports = [
        ...['box_pub', 'box_pull', 'backend_pull', 'backend_pub'],
        ...['zmq_event_endpoint', 'zmq_event_id_endpoint', 'incident_pub'],
      ].filter((name) => name in fields);
      const others = Object.fromEntries(ports.map((name) => [name, 'tcp://127.0.0.1:*']));
      const other = join(folder, 'other.json');
      writeFileSync(other, JSON.stringify({ ...fields, ...others, status: 'off' }), { mode: 0o600 });
      for (let round = 0; round < 2; round += 1) {
        const first = programs.start(kind, workspace.configs[kind]);
        assert.match((await first.line()) ?? '', /"ready"/);
        const second = await programs.start(kind, other).end();
        assert.notEqual(second.code, 0);
        const said = `${second.stdout}${second.stderr}`;
        assert.match(said, /ALREADY_RUNNING/);
        assert.ok(said.includes(`process ${first.child.pid} uses`), said);
        first.child.kill('SIGKILL');
        await first.end();
      }
    });
});
