/** Which units `makai uninstall` disables, and how, where systemd or its units are missing. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disableCommand } from '../../../cli/install/disable.js';
import { instancePlan } from '../../../cli/install/instance.js';
import { installPlan, perform } from '../../../cli/install/plan.js';
import { uninstallPlan } from '../../../cli/install/uninstall.js';
import { LOCAL_UNITS, PACKAGED_UNITS, UNIT_FILES, unitNames } from '../../../cli/install/units.js';

const FOLDERS = [LOCAL_UNITS, PACKAGED_UNITS];
const RUNNING = { hasCommand: true, isRunning: true };

describe('cli/install: units that are disabled', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-disable-'));
    perform([...installPlan({ root }), ...instancePlan('lab', root)], () => undefined);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const disable = (units = unitNames('lab'), systemd = RUNNING): string[] | undefined =>
    disableCommand(root, units, FOLDERS, systemd);

  it('are stopped too', () => {
    assert.deepEqual(disable(), ['systemctl', 'disable', '--now', ...unitNames('lab')]);
    assert.deepEqual(disable(unitNames()), ['systemctl', 'disable', '--now', ...unitNames()]);
  });

  it('are those that have a file', () => {
    for (const name of UNIT_FILES.filter((one) => one.includes('gateway')))
      rmSync(join(root, LOCAL_UNITS, name));
    const rest = unitNames('lab').filter((name) => !name.includes('gateway'));
    assert.deepEqual(disable(), ['systemctl', 'disable', '--now', ...rest]);
  });

  it('are none of an instance that outlived the templates', () => {
    perform(uninstallPlan({ root }), () => undefined);
    assert.equal(disable(), undefined);
  });

  it('are not stopped where systemd does not run, and left alone without systemctl', () => {
    const offline = { hasCommand: true, isRunning: false };
    assert.deepEqual(disable(unitNames('lab'), offline), ['systemctl', 'disable', ...unitNames('lab')]);
    assert.equal(disable(unitNames('lab'), { hasCommand: false, isRunning: false }), undefined);
  });
});
