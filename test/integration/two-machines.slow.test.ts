/** docs/scaling.md, "Two machines": its files and commands, on two machines of their own, with boxes that send; then services end, and the network between the machines breaks. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { Overview } from '../../nats/overview.js';
import type { SpoolStats } from '../../store/store-state.js';
import type { RelayStatus } from '../../triggering-broker/jetstream/messages.js';
import { canMakeMachines, Machine, type Program } from '../support/machine.js';
import { makaiOnPath } from '../support/makai-on-path.js';
import { mongodBinary } from '../support/mongod-binary.js';
import { natsBinary } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { type MachineName, type Step, stepsOf } from './walk-through.js';

const SECTIONS = [1, 2, 3, 4, 5, 6];
const STORE = 'mongodb://10.79.0.2/opq';
const BOXES = 20;
/** What programs print when they are ready. */
const READY = /Waiting for connections|Server is ready|"ready":|until Ctrl-C/;
/** Longer than a lease: what B had goes to A. */
const CUT_MS = 15_000;

interface Details {
  nats?: RelayStatus;
  spool?: Pick<SpoolStats, 'state' | 'rows'>;
}

const PRINT = join(PACKAGE_ROOT, 'dist/test/integration/print-measurements.js');

describe('docs/scaling.md: two machines', function () {
  this.timeout(600_000);
  const path = makaiOnPath();
  const folder = mkdtempSync(join(tmpdir(), 'makai-machines-'));
  const machines = new Map<MachineName, Machine>();
  const programs = new Map<string, Program>();
  let isBroken = false;
  /** what the last command that shows something prints now */
  let printed: () => Promise<string> = async () => '';

  before(async function () {
    const binaries = { mongod: await mongodBinary(), 'nats-server': await natsBinary() };
    const missing = [
      ...Object.entries(binaries).flatMap(([name, binary]) => (binary === undefined ? [name] : [])),
      ...(canMakeMachines() ? [] : ['network namespaces (root, unshare, nsenter, ip)']),
    ];
    if (missing.length > 0) {
      process.stderr.write(
        `\n*** THE TWO MACHINES OF docs/scaling.md ARE SKIPPED: no ${missing.join(', no ')}. ***\n\n`,
      );
      this.skip();
    }
    for (const [name, binary] of Object.entries(binaries))
      if (binary !== undefined) symlinkSync(binary, join(path.folder, name));
    for (const name of ['A', 'B'] as const)
      machines.set(name, await Machine.start(join(folder, name), path.env));
    await Machine.join(machine('A'), '10.79.0.1/24', machine('B'), '10.79.0.2/24');
  });
  after(async () => {
    for (const one of machines.values()) await one.stop();
    for (const place of [folder, path.folder]) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  });
  // Each test goes on from where the one before it ended.
  beforeEach(function () {
    if (isBroken) this.skip();
  });
  afterEach(function () {
    isBroken ||= this.currentTest?.state === 'failed';
    if (this.currentTest?.state !== 'failed') return;
    for (const [name, program] of programs)
      process.stderr.write(
        `--- ${name} ${program.isRunning() ? 'runs' : 'has ended'}\n${program.output().slice(-3000)}\n`,
      );
  });

  function machine(name: MachineName): Machine {
    const found = machines.get(name);
    assert.ok(found);
    return found;
  }

  function program(name: string): Program {
    const found = programs.get(name);
    assert.ok(found, name);
    return found;
  }

  async function start({ command, machine: where, name }: Step & { kind: 'program' }): Promise<void> {
    const id = `${name} on ${where}`;
    const started = await machine(where).start(command, join(folder, `${id}.log`));
    programs.set(id, started);
    await until(`${id} is ready`, async () => {
      assert.ok(started.isRunning(), id);
      return READY.test(started.output());
    });
  }

  /** Does what the page says. */
  async function perform(section: number): Promise<void> {
    for (const step of stepsOf(section)) {
      if (step.kind === 'program') await start(step);
      else if (step.kind === 'file') await machine(step.machine).write(step.path, step.text);
      else if (step.kind === 'output') await untilShown(printed, step.text);
      else if (step.text.startsWith('makai status'))
        printed = async () => (await machine(step.machine).attempt(['sh', '-c', step.text])).stdout;
      else await machine(step.machine).run(['sh', '-e', '-c', step.text]);
    }
  }

  /** The same services with the same partitions. */
  function untilShown(printed: () => Promise<string>, page: string): Promise<void> {
    const services = (text: string): string[] =>
      [...text.matchAll(/^(service-\w+) +(\d+) |^plugins that compare boxes run in .*$/gm)].map(
        ([line, name, partitions]) => (name === undefined ? line : `${name} ${partitions}`),
      );
    return until(
      `it is shown:\n${page}`,
      async () => services(await printed()).join() === services(page).join(),
    );
  }

  /** Partitions of each service, as a machine sees it. */
  async function partitions(where: MachineName = 'A'): Promise<Record<string, number>> {
    const { stdout } = await machine(where).attempt(['makai', 'status', '--cluster', '--json']);
    if (stdout === '') return {};
    const { services } = JSON.parse(stdout) as Overview;
    return Object.fromEntries(services.map((one) => [one.name, one.partitions.length]));
  }

  const untilDivided = (wanted: Record<string, number>): Promise<void> =>
    until(`the services have ${JSON.stringify(wanted)}`, async () => {
      const found = await partitions();
      return Object.keys({ ...found, ...wanted }).every((name) => found[name] === wanted[name]);
    });
  const halves = () => untilDivided({ 'service-a': 32, 'service-b': 32 });

  async function again(name: string): Promise<void> {
    const step = SECTIONS.flatMap(stepsOf).find(
      (one) => one.kind === 'program' && `${one.name} on ${one.machine}` === name,
    );
    assert.ok(step?.kind === 'program');
    await start(step);
  }

  /** What a daemon on A reports; nothing while it does not reply. */
  async function details(daemon: string): Promise<Details> {
    const { stdout } = await machine('A').attempt(['makai', 'status', '--json']);
    const line = stdout.split('\n').find((one) => one.includes(`"daemon":"${daemon}"`));
    return line === undefined ? {} : ((JSON.parse(line) as { details?: Details }).details ?? {});
  }

  /** Times of the stored measurements by box, Unix ms. */
  async function stored(which: 'all' | 'newest'): Promise<[string, number[]][]> {
    const text = await machine('B').run([process.execPath, PRINT, STORE, which]);
    return Object.entries(JSON.parse(text) as Record<string, number[]>);
  }

  /** Waits until measurements are stored that were made from now on, of all boxes. */
  async function untilStoredAgain(): Promise<void> {
    const fromMs = Date.now();
    await until('measurements of all boxes are stored again', async () => {
      const newest = await stored('newest');
      return newest.length === BOXES && newest.every(([, [ms = 0]]) => ms > fromMs);
    });
  }

  for (const section of SECTIONS.slice(0, -1))
    it(`section ${section} works as it is written`, () => perform(section));

  it('one service stores what all boxes send', untilStoredAgain);

  it('section 6 works as it is written, and both machines say the same', async () => {
    await perform(6);
    assert.deepEqual(await partitions('B'), await partitions('A'));
    await untilStoredAgain();
  });

  it('a service that is stopped gives its part to the other one, and gets it again', async () => {
    await program('triggering-service on B').end('TERM');
    await untilDivided({ 'service-a': 64 });
    await again('triggering-service on B');
    await halves();
  });

  it('a service that is killed is replaced by the one on the other machine', async () => {
    await program('triggering-service on A').end('KILL');
    await untilDivided({ 'service-b': 64 });
    await untilStoredAgain();
    await again('triggering-service on A');
    await halves();
  });

  it('the network between them breaks: A has all partitions and keeps its writes; when it is back, B has its half', async () => {
    await machine('B').plug('down');
    const cut = sleep(CUT_MS);
    await untilDivided({ 'service-a': 64 });
    await until('A keeps writes on its disk', async () => {
      const { spool } = await details('triggering-service');
      return spool?.state === 'unavailable' && spool.rows > 0;
    });
    await cut;
    await machine('B').plug('up');
    await halves();
    await until('they are delivered', async () => {
      const { spool } = await details('triggering-service');
      return spool?.state === 'up' && spool.rows === 0;
    });
    await untilStoredAgain();
  });

  it('what the plugins of both ask for becomes events', async () => {
    const list = ['makai', 'events', 'list', '--json', '--store', STORE];
    await until('an event is stored', async () => (await machine('A').run(list)).includes('"event_id"'));
  });

  it('every measurement that JetStream acknowledged is stored, and once', async () => {
    await program('box on A').end('INT');
    let acknowledged = 0;
    await until('JetStream has acknowledged what the broker received', async () => {
      const { nats } = await details('triggering-broker');
      const before = acknowledged;
      acknowledged = nats?.acknowledged ?? 0;
      // Twice the same: the last messages of the boxes may not have been received yet.
      if (acknowledged === 0 || acknowledged !== before) return false;
      return nats?.messages === acknowledged && nats.spool.messages === 0;
    });
    const count = async () => (await stored('all')).reduce((sum, [, times]) => sum + times.length, 0);
    await until('all is stored', async () => (await count()) >= acknowledged);
    assert.equal(await count(), acknowledged);
    for (const [box, times] of await stored('all'))
      assert.equal(new Set(times).size, times.length, `box ${box}: measurements are stored twice`);
  });
});
