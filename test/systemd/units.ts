/** What systemd knows of the units in a container. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { until } from '../support/until.js';
import type { Container } from './container.js';

/** Every unit that ships: one that is added to deploy/systemd is tested like the others. */
export const UNITS = readdirSync(join(PACKAGE_ROOT, 'deploy/systemd'))
  .filter((name) => name.endsWith('.service'))
  .map((name) => name.replace(/\.service$/, ''));

/** Properties of a unit, as `systemctl show` prints them. */
export async function show(
  container: Container,
  unit: string,
  ...names: string[]
): Promise<Record<string, string>> {
  const text = await container.run('systemctl', 'show', unit, `--property=${names.join(',')}`);
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

export interface UnitState {
  state: string;
  restarts: number;
  pid: number;
}

export async function stateOf(container: Container, unit: string): Promise<UnitState> {
  const { ActiveState, NRestarts, MainPID } = await show(
    container,
    unit,
    'ActiveState',
    'NRestarts',
    'MainPID',
  );
  return { state: ActiveState ?? '', restarts: Number(NRestarts), pid: Number(MainPID) };
}

export async function states(container: Container): Promise<Map<string, UnitState>> {
  return new Map(
    await Promise.all(UNITS.map(async (unit) => [unit, await stateOf(container, unit)] as const)),
  );
}

/** All units are active and were never restarted. */
export async function assertActive(container: Container): Promise<void> {
  for (const [unit, { state, restarts }] of await states(container)) {
    const log = state === 'active' && restarts === 0 ? '' : await journal(container, unit);
    assert.deepEqual([unit, state, restarts], [unit, 'active', 0], log);
  }
}

/** Waits until each unit runs as another process than before, started by systemd itself once more. */
export async function restarted(container: Container, before: Map<string, UnitState>): Promise<void> {
  for (const [unit, { pid, restarts }] of before) {
    await until(`${unit} was started again`, async () => {
      const now = await stateOf(container, unit);
      return now.state === 'active' && now.pid !== pid && now.restarts > restarts;
    });
    const { restarts: after } = await stateOf(container, unit);
    assert.equal(after, restarts + 1, `${unit}: one restart\n${await journal(container, unit)}`);
  }
}

/** A drop-in for each unit, in force after the next start of the unit; removed where there is no text. */
export async function dropIn(container: Container, name: string, text?: string): Promise<void> {
  for (const unit of UNITS) {
    const folder = `/etc/systemd/system/${unit}.service.d`;
    const file = `${folder}/${name}.conf`;
    if (text === undefined) await container.run('rm', '-f', file);
    else {
      await container.run('mkdir', '-p', folder);
      writeFileSync(join(container.root, file), text);
    }
  }
  await container.run('systemctl', 'daemon-reload');
}

/** The last lines of a unit, for messages. */
export function journal(container: Container, unit: string): Promise<string> {
  return container.run('journalctl', '--no-pager', '--lines=30', '--output=cat', `--unit=${unit}`);
}

export interface JournalEntry {
  PRIORITY: string;
  MESSAGE: string;
}

/** What a daemon itself wrote, by its identifier. */
export async function entries(
  container: Container,
  unit: string,
  ...filter: string[]
): Promise<JournalEntry[]> {
  const text = await container.run('journalctl', '--output=json', `--identifier=${unit}`, ...filter);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
