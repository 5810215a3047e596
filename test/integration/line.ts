/** Three daemons as processes and simulated boxes (a Box 2 and a Box 3 unless a case says otherwise) that replay a sag, for tests that need what they store. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Box,
  type CycleSource,
  padded,
  parseScenario,
  rawSource,
  scenarioSource,
  startBox,
} from '../../box/index.js';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { readSecretCertificate } from '../../keys/files.js';
import { cycleRms } from '../../signal/index.js';
import { openStore } from '../../store/open.js';
import type { BoxEventDocument, Store } from '../../store/store.js';
import type { MongoServer } from '../support/mongo-server.js';

const RECORDINGS = join(PACKAGE_ROOT, '../shared/data/opq-box');
/** Cycles of good voltage around the sag: 8 s before, until the end of the test after. */
const BEFORE = 480;
const AFTER = 60 * 300;

export interface LineCase {
  title: string;
  available: boolean;
  /** what box `id` replays */
  source(id: number): CycleSource;
  /** generation of each box, by id; left out: 1 is a Box 2, 4 a Box 3 */
  boxes?: Readonly<Record<number, 2 | 3>>;
  /** false: the source is played from its beginning, again and again */
  padded?: false;
  /** lowest RMS of a cycle, volts */
  minimum: Record<1 | 4, number>;
  /** what the files of the daemons have beside what `makai up` writes */
  settings?: Partial<Record<'acquisition-broker' | 'triggering-service', object>>;
}

export const recorded: LineCase = {
  title: 'the lightning-strike sag of 1 Nov 2017, as two boxes recorded it',
  available: existsSync(join(RECORDINGS, 'event_9354_1')),
  source: (id) => rawSource(join(RECORDINGS, `event_9354_${id}`), id === 1 ? 147.06 : 144.93),
  minimum: { 1: 102.2, 4: 111.6 },
};

export const generated: LineCase = {
  title: 'a generated sag to 0.85 and 0.9 pu',
  available: true,
  source: (id) =>
    scenarioSource(
      parseScenario({
        name: 'sag',
        duration_s: 2,
        grid: {
          harmonics: [],
          noise: { white_percent: 0, voltage_wander_percent: 0, frequency_wander_hz: 0 },
        },
        events: [{ type: 'sag', at_s: 0.8, duration_s: 0.2, to_pu: id === 1 ? 0.85 : 0.9, edge_s: 0 }],
      }),
    ),
  minimum: { 1: 102, 4: 108 },
};

export interface Line {
  store: Store;
  workspace: Workspace;
  boxes: Record<number, Box>;
  /** messages of daemons that ended by themselves */
  deaths: string[];
}

/** Starts the line before the tests of a `describe` and stops it after them. */
export function givenLine(test: LineCase, server?: () => MongoServer): () => Line {
  let directory: string;
  let workspace: Workspace;
  let store: Store;
  const children: Child[] = [];
  const boxes: Record<number, Box> = {};
  const generations = Object.entries(test.boxes ?? ({ 1: 2, 4: 3 } as const));
  const deaths: string[] = [];

  before(async function () {
    if (!test.available) {
      process.stderr.write(`    no recordings in ${RECORDINGS}: left out\n`);
      this.skip();
    }
    directory = await mkdtemp(join(tmpdir(), 'makai-line-'));
    workspace = await prepareWorkspace(
      directory,
      generations.map(([id]) => id),
    );
    for (const kind of ['acquisition-broker', 'triggering-service'] as const) {
      const more = test.settings?.[kind];
      if (more !== undefined) addSettings(workspace.configs[kind], more);
    }
    const storeUrl = server === undefined ? workspace.storeUrl : useMongo(workspace, server());
    store = await openStore(storeUrl, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    for (const kind of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const) {
      const args = [kind, workspace.configs[kind]];
      const onDeath = (message: string): void => void deaths.push(message);
      children.push(await Child.start({ name: kind, args, logs: workspace.logs, onDeath }));
    }
    const { publicKey: serverPublicKey } = await readSecretCertificate(workspace.keys.serverSecret);
    const { measurements, commands, replies } = workspace.endpoints;
    for (const [name, dialect] of generations) {
      const id = Number(name);
      const source = test.padded === false ? test.source(id) : padded(test.source(id), BEFORE, AFTER);
      const calibration_constant = source.calibrationConstant;
      await store.putBox({
        box_id: String(id),
        name: `box ${id}`,
        calibration_constant,
        unplugged: false,
      });
      const keys = await readSecretCertificate(workspace.keys.boxSecret(String(id)));
      boxes[id] = await startBox({
        id,
        dialect,
        source,
        serverPublicKey,
        keys,
        endpoints: { measurements, commands, replies },
      });
    }
  });

  after(async () => {
    await Promise.all(Object.values(boxes).map((box) => box.stop()));
    for (const child of [...children].reverse()) await child.stop();
    await store?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  return () => ({ store, workspace, boxes, deaths });
}

function addSettings(file: string, more: object): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, ...more }), { mode: 0o600 });
}

/** Writes a MongoDB database into the configurations. @returns its URL */
function useMongo({ configs, directory }: Workspace, { uri }: MongoServer): string {
  const store = `${uri}/makai_line_${process.pid}`;
  for (const kind of ['acquisition-broker', 'triggering-service'] as const) {
    addSettings(configs[kind], { store, spool: { path: join(directory, 'spool') } });
  }
  return store;
}

/** The box event of `boxId` whose waveform holds the sag, once it is stored. */
export async function untilSag(
  store: Store,
  boxId: string,
): Promise<{ boxEvent: BoxEventDocument; minimumVolts: number }> {
  const constant = (await store.box(boxId))?.calibration_constant ?? 1;
  for (;;) {
    for await (const event of store.events()) {
      for (const boxEvent of await store.boxEvents(event.event_id)) {
        if (boxEvent.box_id !== boxId) continue;
        const bytes = await store.waveform(boxEvent.data_fs_filename);
        if (bytes === undefined) continue;
        const samples = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
        const minimumVolts = Math.min(...cycleRms(samples)) / constant;
        if (minimumVolts < 114) return { boxEvent, minimumVolts };
      }
    }
    await sleep(250);
  }
}
