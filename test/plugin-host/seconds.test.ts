/** A plugin host that is given whole seconds: for plugins that compare boxes, where several services divide these. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { entryCompares } from '../../plugin-host/compares.js';
import type { PluginSecond } from '../../plugin-host/messages.js';
import { manifestFile } from '../../plugin-host/module-graph.js';
import { rowOf } from '../../proto/measurement-row.js';
import { toColumns } from '../plugins/feed.js';
import { FIRST_MS, HostRig, until } from './rig.js';

/** Says at each call what it was given, and when it is. */
const body = (members: string): string => `export default class {
  name = 'says';
  onLoad(settings, context) { this.context = context; }
  say(text) {
    return { startMs: 1000, endMs: 2000, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 1, requestData: false,
      description: text + ' at ' + (this.context.now() - ${FIRST_MS}) };
  }
  ${members}
  onTick(now) { return this.say('tick'); }
}`;
const SUMMARIES = body(
  `processBatch() { return this.say('batch'); } processSummary(s) { return this.say('summary ' + s.locations[0].location); }`,
);
const MEASUREMENTS = body(
  `processMeasurement(m) { return this.say(m.boxId + ' ' + m.rms.min + ' ' + m.flagged.join()); }`,
);

function second(endMs: number): PluginSecond {
  const columns = toColumns([
    { boxId: 3, timestampMs: endMs - 900, rms: { min: 101, average: 110, max: 120 }, flagged: 1 },
    { boxId: 4, timestampMs: endMs - 800, rms: 130 },
  ]);
  const none = { count: 0, mean: Number.NaN, min: Number.NaN, max: Number.NaN, lowest: [], highest: [] };
  const counts = { boxes: 2, heard: 2, silent: 0, measurements: 2, flagged: 1 };
  return {
    endMs,
    rows: [rowOf(columns, 0), rowOf(columns, 1)],
    summary: {
      ...{ endMs, missing: 0, silent: [], unlisted: 0 },
      locations: [{ location: 'lab', ...counts, f: none, rms: none, thd: none, trans: none }],
    },
  };
}

describe('plugin-host: whole seconds', () => {
  let rig: HostRig;
  beforeEach(() => {
    rig = new HostRig({ ring: undefined });
  });
  afterEach(() => rig.stop());
  const running = (id: string) => until(() => rig.plugin(id).state === 'running');
  const texts = (): string[] => rig.requests.map(({ request }) => request.description);

  it('go to a plugin as summaries, if it takes these, and its clock stands there', async () => {
    await rig.host.load([{ path: rig.file('says.mjs', SUMMARIES) }]);
    await running('says');
    await rig.host.second(second(FIRST_MS + 1000));
    assert.deepEqual(texts(), ['summary lab at 1000', 'tick at 1000'], 'handed on before it is fulfilled');
    await rig.host.second(second(FIRST_MS + 2000));
    assert.deepEqual(texts().slice(2), ['summary lab at 2000', 'tick at 2000']);
  });

  it('go to others as measurements, with their flags, and ticks come with seconds alone', async () => {
    await rig.host.load([{ path: rig.file('says.mjs', MEASUREMENTS) }]);
    await running('says');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(texts(), []);
    await rig.host.second(second(FIRST_MS + 1000));
    assert.deepEqual(texts(), ['3 101 sag at 1000', '4 130  at 1000', 'tick at 1000']);
    assert.equal(rig.plugin('says').measurements, 2);
  });

  it('are over when a plugin fails or hangs, and others get them', async () => {
    await rig.stop();
    rig = new HostRig({
      ring: undefined,
      // long enough on a busy machine for the one that replies
      limits: { batchMs: 3000 },
      pauses: { firstMs: 60_000, maxMs: 60_000 },
    });
    const hangs = `export default { name: 'hangs', processSummary() { for (;;); }, onTick() {} }`;
    const throws = `export default { name: 'throws', processSummary() { throw new Error('no'); }, onTick() {} }`;
    await rig.host.load([
      { path: rig.file('hangs.mjs', hangs) },
      { path: rig.file('throws.mjs', throws) },
      { path: rig.file('says.mjs', SUMMARIES) },
    ]);
    for (const id of ['hangs', 'throws', 'says']) await running(id);
    await rig.host.second(second(FIRST_MS + 1000));
    await rig.host.second(second(FIRST_MS + 2000));
    assert.equal(texts().length, 4);
    assert.equal(rig.plugin('hangs').state, 'pausing');
    assert.match(rig.plugin('throws').lastError ?? '', /no/);
  });

  it('go to napali as measurements, which finds a sag in them', async () => {
    await rig.host.load([{ path: 'napali', grace_time_ms: 1000 }]);
    await running('napali');
    for (let s = 1; s < 30; s += 1) {
      const endMs = FIRST_MS + 1000 * s;
      const volts = s === 12 || s === 13 ? 100 : 120;
      const columns = toColumns(
        [1, 2].map((boxId) => ({ boxId, timestampMs: endMs - 500, rms: volts, f: 60, thd: 0.01 })),
      );
      await rig.host.second({ ...second(endMs), rows: [rowOf(columns, 0), rowOf(columns, 1)] });
    }
    assert.equal(rig.requests.length, 1);
    assert.deepEqual(rig.requests[0]?.request.boxIds, [1, 2]);
    assert.equal(rig.requests[0]?.request.triggerType, 'VOLTAGE_SAG');
  });

  it('are for plugins that compare boxes: shipped ones, and those whose manifest says so', () => {
    assert.ok(entryCompares({ path: 'napali' }));
    assert.ok(entryCompares({ path: 'outage' }));
    assert.ok(entryCompares({ path: 'libnapali_trigger_plugin.so' }));
    assert.ok(!entryCompares({ path: 'threshold' }));
    assert.ok(!entryCompares({ path: 'nonsense' }));
    const path = rig.file('own.mjs', SUMMARIES);
    assert.ok(!entryCompares({ path }));
    rig.file('own.manifest.json', JSON.stringify({ compares: true }));
    assert.equal(manifestFile(path), join(rig.folder, 'own.manifest.json'));
    assert.ok(entryCompares({ path }));
    rig.file('own.manifest.json', 'nonsense');
    assert.ok(!entryCompares({ path }));
  });
});
