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

  it('reads lists and objects by path, and reports mistakes in them with their path', () => {
    const settings = new Settings({
      limits: [{ low: 1 }, { low: 'x', hihg: 2 }],
      filter: { on: true, orders: [3, 5], typo: 1 },
      other: [{ a: 1 }],
      'a.b': 4,
    });
    const low = Array.from({ length: settings.count('limits') }, (_, i) =>
      settings.number(`limits.${i}.low`, 9),
    );
    const orders = Array.from({ length: settings.count('filter.orders') }, (_, i) =>
      settings.number(`filter.orders.${i}`, 0),
    );
    assert.deepEqual([low, settings.flag('filter.on', false), orders], [[1, 9], true, [3, 5]]);
    assert.deepEqual([settings.number('a.b', 0), settings.count('missing')], [4, 0]);
    assert.equal(settings.text('filter.constructor.name', 'none'), 'none');
    settings.count('a.b');
    assert.throws(() => settings.close(), {
      message:
        'limits.1.low: must be a number; a.b: must be a list; limits.1.hihg: no such setting; ' +
        'filter.typo: no such setting; other: no such setting',
    });
  });

  it('reports what is no object where settings in it are read, once', () => {
    const settings = new Settings({ ride: 5, none: null, list: [], limits: [7], 'a.b': { c: 1 } });
    assert.deepEqual([settings.number('ride.ms', 20), settings.flag('ride.on', true)], [20, true]);
    assert.equal(settings.text('none.deep.name', 'x'), 'x');
    assert.deepEqual(settings.boxIds('list.boxes'), []);
    assert.deepEqual([settings.count('limits'), settings.number('limits.0.low', 9)], [1, 9]);
    assert.throws(() => settings.close(), {
      message:
        'ride: must be an object; none: must be an object; list: must be an object; limits.0: must be an object; ' +
        'a.b: no such setting',
    });
  });
});
