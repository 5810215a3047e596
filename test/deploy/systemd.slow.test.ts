/** The units, as systemd's tools judge the files. Under a running systemd: test/systemd. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { createNotifier } from '../../daemon/notify.js';

const UNITS = join(PACKAGE_ROOT, 'deploy/systemd');
const units = readdirSync(UNITS).filter((name) => name.endsWith('.service'));

function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The units of ours that a line of a unit names. */
function orderOf(unit: string, key: 'After' | 'Before'): string[] {
  const text = readFileSync(join(UNITS, unit), 'utf8');
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))]
    .flatMap(([, names = '']) => names.split(' '))
    .filter((name) => units.includes(name));
}

describe('deploy/systemd', () => {
  it('has a unit for each daemon', () => {
    assert.deepEqual(units.sort(), [
      'makai-acquisition-broker.service',
      'makai-analysis-service.service',
      'makai-gateway.service',
      'makai-triggering-broker.service',
      'makai-triggering-service.service',
      'makai-web-service.service',
    ]);
  });

  for (const unit of units) {
    it(`${unit} has an exposure below 2.0`, function () {
      if (!has('systemd-analyze', '--version')) {
        process.stderr.write('    no systemd-analyze: left out\n');
        this.skip();
      }
      const out = execFileSync(
        'systemd-analyze',
        ['security', '--offline=true', '--no-pager', join(UNITS, unit)],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const level = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(out)?.[1]);
      assert.ok(level < 2, `exposure ${level}`);
      process.stdout.write(`      exposure ${level}, below 2.0\n`);
    });
  }

  for (const unit of units) {
    it(`${unit} is sound, and logs under its own name`, function () {
      const text = readFileSync(join(UNITS, unit), 'utf8');
      assert.match(text, new RegExp(`^SyslogIdentifier=${unit.replace('.service', '')}$`, 'm'));
      assert.doesNotMatch(text, /^SyslogLevelPrefix=/m);
      if (!has('systemd-analyze', '--version')) this.skip();
      // The program need not be installed here, only the unit be sound.
      const folder = mkdtempSync(join(tmpdir(), 'makai-unit-'));
      writeFileSync(join(folder, unit), text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      const verdict = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, unit)], {
        encoding: 'utf8',
      });
      rmSync(folder, { recursive: true });
      assert.deepEqual([verdict.status, verdict.stdout, verdict.stderr], [0, '', '']);
    });
  }

  it('the triggering service starts before the triggering broker, and no order is a circle', () => {
    const order = new Map(units.map((unit) => [unit, new Set(orderOf(unit, 'After'))]));
    for (const unit of units) for (const later of orderOf(unit, 'Before')) order.get(later)?.add(unit);
    // What boxes queued arrives as soon as the broker is there (test/faults/cases/restarts.ts).
    assert.ok(order.get('makai-triggering-broker.service')?.has('makai-triggering-service.service'));
    const started: string[] = [];
    while (started.length < units.length) {
      const next = units.find(
        (unit) =>
          !started.includes(unit) && [...(order.get(unit) ?? [])].every((one) => started.includes(one)),
      );
      assert.ok(next !== undefined, `a circle beyond ${started}`);
      started.push(next);
    }
  });

  it('a daemon reports to systemd that it is ready, alive and stopping', async function () {
    if (!has('systemd-notify', '--version') || !has('python3', '-c', '')) {
      process.stderr.write('    no systemd-notify or python3: left out\n');
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), 'makai-notify-'));
    const socket = join(folder, 'socket');
    // Node has no datagram sockets in the file system, so the other end is a few lines of Python.
    const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)`;
    const python = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const until = async (text: string): Promise<void> => {
        for (let seen = ''; !seen.includes(text); ) {
          const [chunk] = (await once(python.stdout, 'data')) as [Buffer];
          seen += chunk.toString();
        }
      };
      await until('bound');
      const notifier = createNotifier(silentLogger(), {
        ...process.env,
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: '300000',
      });
      const ready = until('READY=1');
      notifier.ready();
      await ready;
      await until('WATCHDOG=1');
      const stopping = until('STOPPING=1');
      notifier.stopping();
      await stopping;
      notifier.close();
    } finally {
      python.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
