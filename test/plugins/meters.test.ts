/** Plugins know meters, which the gateway reads over MQTT: they send seldom, and their silence is nobody's outage. */
import assert from 'node:assert/strict';
import { siteMembers } from '../../plugin-host/context.js';
import { Site, toSiteData } from '../../plugin-host/site.js';
import OutagePlugin from '../../plugins/outage/index.js';
import ThresholdPlugin from '../../plugins/threshold/index.js';
import type { BoxDocument } from '../../store/documents.js';
import { feed, testContext } from './feed.js';

const START = 1_795_315_200_000;
const METER = 1_000_000_000;
const record: BoxDocument = {
  ...{ box_id: String(METER), calibration_constant: 1, unplugged: true, kind: 'meter', meter: 'kitchen' },
  nominal_voltage: 120,
};
const contextWith = (boxes: readonly BoxDocument[]) =>
  testContext(siteMembers(new Site(toSiteData(undefined, boxes))));
/** One a minute. */
const minutes = (volts: readonly number[]) =>
  volts.map((rms, i) => ({ boxId: METER, timestampMs: START + 60_000 * i, rms }));

describe('plugins: meters', () => {
  it('the context says which are meters', () => {
    const context = contextWith([record, { ...record, box_id: '7', kind: 'import' }]);
    assert.deepEqual(
      [METER, 7, 8].map((id) => context.boxes.get(id).kind),
      ['meter', undefined, undefined],
    );
  });

  it('outage: a meter that is silent is no outage; a box is', () => {
    for (const [boxes, found] of [
      [[record], 0],
      [[], 1],
    ] as const) {
      const plugin = new OutagePlugin();
      const context = contextWith(boxes);
      plugin.onLoad({}, context);
      feed(plugin, context, minutes([120]));
      assert.equal((plugin.onTick(START + 100_000) ?? []).length, found);
    }
  });

  it('threshold: a sag of five minutes, heard once a minute, is one family of events, and for a box it would be one each minute', () => {
    const volts = [120, 100, 100, 100, 100, 100, 120, 120];
    const families = (boxes: readonly BoxDocument[]): number => {
      const plugin = new ThresholdPlugin();
      const context = contextWith(boxes);
      plugin.onLoad({ voltage_threshold_percent_low: 0.05 }, context);
      const requests = [];
      for (const sample of minutes(volts)) {
        requests.push(...feed(plugin, context, [sample]));
        // The host calls it each second.
        for (let s = 1; s < 60; s += 1)
          requests.push(...(plugin.onTick(sample.timestampMs + 1000 * s) ?? []));
      }
      return new Set(requests.map(({ familyStartMs, startMs }) => familyStartMs ?? startMs)).size;
    };
    assert.equal(families([record]), 1);
    assert.equal(families([]), 5);
  });
});
