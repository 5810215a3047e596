import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPlan, perform } from '../../cli/install/plan.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { checkFile } from '../../config/check.js';

describe('cli/install', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-install-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('shows the steps without doing them', () => {
    const steps = installPlan({ root });
    assert.ok(steps.some(({ text }) => text.endsWith('/etc/systemd/system/makai-triggering-broker.service')));
    assert.ok(!existsSync(join(root, 'etc')));
  });

  it('writes units that start this installation, and settings that are sound', () => {
    perform(installPlan({ root, node: '/opt/node/bin/node' }), () => undefined);
    const unit = read('etc/systemd/system/makai-triggering-service.service');
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    assert.match(unit, new RegExp(`^ExecStart=/opt/node/bin/node ${entry} triggering-service$`, 'm'));
    assert.ok(existsSync(entry));
    for (const file of ['triggering_broker.json', 'acquisition_broker_config.json', 'makai.conf']) {
      const { findings } = checkFile(join(root, 'etc/opq', file));
      assert.deepEqual(
        findings.filter((finding) => finding.severity !== 'warning'),
        [],
      );
    }
  });

  it('leaves settings that are there', () => {
    perform(installPlan({ root }), () => undefined);
    writeFileSync(join(root, 'etc/opq/makai.conf'), '{"mine":true}');
    perform(installPlan({ root }), () => undefined);
    assert.equal(read('etc/opq/makai.conf'), '{"mine":true}');
  });
});
