/** The working folder of `makai up`: ports that another program took. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace, type Workspace } from '../../../cli/up/workspace.js';
import type { Kind } from '../../../config/kinds.js';

interface File {
  listen?: string;
  web?: string;
  mqtt?: { listen: string };
}

const fileOf = ({ configs }: Workspace, kind: Kind): File =>
  JSON.parse(readFileSync(configs[kind], 'utf8')) as File;

describe('cli/up/workspace', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-workspace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('where the page gets another port, the gateway links to it there; so after its own port was taken', async () => {
    const workspace = await prepareWorkspace(folder, [], undefined, true);
    const before = workspace.page;
    for (const kind of ['web-service', 'gateway'] as const) {
      await workspace.moveAway(kind);
      const [gateway, web] = [fileOf(workspace, 'gateway'), fileOf(workspace, 'web-service')];
      assert.equal(`${gateway.web}/`, workspace.page);
      assert.equal(`http://${web.listen}/`, workspace.page);
      assert.equal(`mqtt://${gateway.mqtt?.listen}`, workspace.mqtt);
    }
    // Where another program had the usual port already, it has its own from the start.
    assert.equal(workspace.page === before, !before.endsWith(':8088/'));
    assert.equal(await workspace.moveAway('web-service'), false);
  });

  it('has no usual port where none is asked for: nobody takes it while a daemon is stopped', async () => {
    const { mqtt, page } = await prepareWorkspace(folder, []);
    assert.ok(!page.includes(':8088') && !mqtt.includes(':1883'), `${page} ${mqtt}`);
  });
});
