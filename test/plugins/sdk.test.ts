/** The TypeScript side of the SDK. */
import assert from 'node:assert/strict';
import type * as sdk from '../../plugins/sdk/plugin.js';
import { Settings } from '../../plugins/sdk/settings.js';
import type * as columns from '../../proto/columns.js';
import type { TriggerType } from '../../proto/messages.js';

/** Only a type that is the same in both directions makes this `true`. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

describe('plugins/sdk', () => {
  it('has the types of proto/', () => {
    const same: [
      Same<sdk.Metric, columns.Metric>,
      Same<sdk.MetricColumns, columns.MetricColumns>,
      Same<sdk.MeasurementColumns, columns.MeasurementColumns>,
      Same<sdk.TriggerType, TriggerType>,
    ] = [true, true, true, true];
    assert.ok(same.every(Boolean));
  });

  it('reads settings and falls back', () => {
    const settings = new Settings({ a: 3, b: false, c: 'x', d: [1, 2] });
    assert.deepEqual(
      [settings.number('a', 1, { min: 3, max: 3, whole: true }), settings.number('missing', 7)],
      [3, 7],
    );
    assert.deepEqual([settings.flag('b', true), settings.flag('other', true)], [false, true]);
    assert.deepEqual([settings.text('c', ''), settings.text('more', 'y')], ['x', 'y']);
    assert.deepEqual([settings.boxIds('d'), settings.boxIds('e')], [[1, 2], []]);
    settings.close();
  });

  it('reports all mistakes together', () => {
    const settings = new Settings({ a: 'x', b: 9, c: 1.5, d: 1, e: 2, f: [1.5], g: 0, h: Number.NaN });
    settings.number('a', 0);
    settings.number('b', 0, { max: 8 });
    settings.number('c', 0, { whole: true });
    settings.flag('d', false);
    settings.text('e', '');
    settings.boxIds('f');
    settings.number('h', 0);
    assert.throws(() => settings.close(), {
      message:
        'a: must be a number; b: must be 8 or less; c: must be a whole number; d: must be true or false; ' +
        'e: must be text; f: must be a list of box ids; h: must be finite; g: no such setting',
    });
  });
});
