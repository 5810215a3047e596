/** Live values, sparklines, lists, forms: what the page keeps in memory, and how it waits. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backoffMs } from '../../web/logic/backoff.js';
import { changeOf, draftOf } from '../../web/logic/box-draft.js';
import { extent, pointsOf, yRange } from '../../web/logic/columns.js';
import { parseCoordinates } from '../../web/logic/coordinates.js';
import { LiveBoxes, slotsOf, sparkRange } from '../../web/logic/live.js';
import { placed } from '../../web/logic/map.js';
import { curveOf } from '../../web/logic/rms.js';
import { isTyping, moved } from '../../web/logic/select.js';
import { placedOnTiles } from '../../web/logic/tiles.js';

describe('live values', () => {
  it('are the newest of each box; late ones change nothing, a clock that was set back is followed', () => {
    const live = new LiveBoxes();
    live.take({ boxId: '1', timestampMs: 1000, voltage: 120 }, 0);
    live.take({ boxId: '1', timestampMs: 900, voltage: 90 }, 500);
    assert.equal(live.get('1')?.value.voltage, 120);
    live.take({ boxId: '1', timestampMs: 500, voltage: 121 }, 61_000);
    assert.equal(live.get('1')?.value.voltage, 121);
  });

  it('are bounded, whatever comes in', () => {
    const live = new LiveBoxes();
    for (let i = 0; i < 20_000; i += 1) live.take({ boxId: String(i), timestampMs: i }, 0);
    assert.equal(live.size, 5000);
    live.take({ boxId: '7', timestampMs: 1e6, voltage: 1 }, 0);
    assert.equal(live.get('7')?.value.voltage, 1);
  });
});

describe('a sparkline', () => {
  it('has min and max of each slot, and gaps', () => {
    const slots = slotsOf(
      [
        { timestampMs: 1, min: 5, max: 6 },
        { timestampMs: 10, min: 4, max: 5 },
        { timestampMs: 30, min: 7, max: 8 },
        { timestampMs: 31, min: 0, max: 99 },
        { timestampMs: 0, min: 0, max: 99 },
      ],
      30,
      3,
      10,
    );
    assert.deepEqual(slots, [{ min: 4, max: 6 }, null, { min: 7, max: 8 }]);
    assert.deepEqual(sparkRange(slots, 1), { low: 4, high: 8 });
    assert.deepEqual(sparkRange([{ min: 5, max: 5 }], 2), { low: 4, high: 6 });
    assert.equal(sparkRange([null], 2), undefined);
  });
});

describe('columns of the API as a chart', () => {
  it('stand in the middle of their span, with gaps as nulls', () => {
    const points = pointsOf(
      { timestamp_ms: [0, 10, 40], step_ms: 10, gap_ms: 15 },
      { min: [1, 2, 3], max: [4, 5, null], average: [2, 3, 4] },
      100,
    );
    assert.deepEqual(points.times, [5, 15, 30, 45]);
    assert.deepEqual(points.min, [100, 200, null, 300]);
    assert.deepEqual(points.max, [400, 500, null, null]);
  });

  it('have a y range that holds every value and every limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
        (values, limits) => {
          const [low, high] = yRange(extent([values]), limits, 1);
          assert.ok(low < high);
          for (const value of [...values, ...limits]) assert.ok(value >= low && value <= high);
          if (values.length + limits.length > 0) assert.ok(high - low >= 1);
        },
      ),
    );
    assert.equal(extent([[null], []]), undefined);
  });
});

describe('Urms(1/2) as a curve', () => {
  it('is in per unit; where values were put together the one farther from nominal counts; a gap is a gap', () => {
    const curve = curveOf(
      {
        event_id: 1,
        box_id: '1',
        nominal_voltage: 100,
        timestamp_ms: [0, 8, 16, 24, 124],
        min: [100, 80, 99, 100, 100],
        max: [100, 101, 130, 100, 100],
      },
      0,
    );
    assert.deepEqual(curve.values, [1, 0.8, 1.3, 1, null, 1]);
    assert.deepEqual(curve.times, [0, 8, 16, 24, 74, 124]);
    assert.deepEqual(
      curveOf({ event_id: 1, box_id: '1', nominal_voltage: 100, timestamp_ms: [], min: [], max: [] }, 0)
        .times,
      [],
    );
  });
});

describe('the record of a box in its form', () => {
  const record = { name: 'Lab', calibration_constant: 150, unplugged: false, nominal_voltage: 120 };

  it('changes nothing when nothing was changed', () => {
    assert.deepEqual(changeOf(record, draftOf(record)), {});
  });

  it('sends what was changed; an empty field removes a value', () => {
    const draft = {
      ...draftOf(record),
      name: ' ',
      nominal_voltage: '230',
      nominal_frequency: '50',
      location: 'lab',
      unplugged: true,
    };
    assert.deepEqual(changeOf(record, draft), {
      name: null,
      location: 'lab',
      nominal_voltage: 230,
      nominal_frequency: 50,
      unplugged: true,
    });
    assert.deepEqual(changeOf(record, { ...draftOf(record), nominal_voltage: '' }), {
      nominal_voltage: null,
    });
  });
});

describe('keys in a table', () => {
  it('move within it', () => {
    assert.equal(moved('j', -1, 5), 0);
    assert.equal(moved('j', 4, 5), 4);
    assert.equal(moved('k', 0, 5), 0);
    assert.equal(moved('PageDown', 0, 50), 10);
    assert.equal(moved('End', 0, 50), 49);
    assert.equal(moved('Home', 9, 50), 0);
    assert.equal(moved('x', 0, 5), undefined);
    assert.equal(moved('j', 0, 0), undefined);
  });

  it('are letters while somebody types', () => {
    assert.ok(isTyping({ tagName: 'INPUT', type: 'text' }));
    assert.ok(isTyping({ tagName: 'textarea' }));
    assert.ok(isTyping({ tagName: 'DIV', isContentEditable: true }));
    assert.ok(!isTyping({ tagName: 'INPUT', type: 'checkbox' }));
    assert.ok(!isTyping({ tagName: 'A' }) && !isTyping(null));
  });
});

describe('waiting', () => {
  it('grows to half a minute, with a spread', () => {
    assert.deepEqual(
      [1, 2, 3, 9, 1000].map((n) => backoffMs(n, () => 0.5)),
      [1000, 2000, 4000, 30_000, 30_000],
    );
    assert.ok(backoffMs(1, () => 0) < backoffMs(1, () => 1));
  });
});

describe('map tiles', () => {
  const at = (slug: string, longitude: number, latitude: number) => ({
    slug,
    coordinates: [longitude, latitude] as [number, number],
    box_ids: [],
  });

  it('are those of every tile server', () => {
    const { points, tiles } = placedOnTiles(
      [at('a', -157.8167, 21.2989)],
      'https://t.example/{z}/{x}/{y}.png',
      512,
      320,
    );
    const [point] = points;
    assert.ok(point !== undefined && Math.abs(point.x - 256) < 1e-6 && Math.abs(point.y - 160) < 1e-6);
    const under = tiles.find(
      ({ x, y }) => x <= point.x && x + 256 > point.x && y <= point.y && y + 256 > point.y,
    );
    // by the formula of the tile servers: x = (lon + 180) / 360 * 2^z, y = (1 - ln(tan + sec) / pi) / 2 * 2^z
    const lat = (21.2989 * Math.PI) / 180;
    const x = Math.floor(((-157.8167 + 180) / 360) * 2 ** 16);
    const y = Math.floor(((1 - Math.log(Math.tan(lat) + 1 / Math.cos(lat)) / Math.PI) / 2) * 2 ** 16);
    assert.equal(under?.url, `https://t.example/16/${x}/${y}.png`);
  });

  it('cover the picture, and hold every place', () => {
    const coordinate = fc.tuple(
      fc.double({ min: -179, max: 179, noNaN: true }),
      fc.double({ min: -84, max: 84, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 1, maxLength: 8 }), (all) => {
        const { points, tiles } = placedOnTiles(
          all.map(([a, b], i) => at(String(i), a, b)),
          '{z}/{x}/{y}',
          800,
          320,
        );
        assert.ok(tiles.length > 0 && tiles.length <= 15, `${tiles.length}`);
        // at zoom 0 the world itself may be higher than the picture
        if (!tiles[0]?.url.startsWith('0/')) {
          for (const { x, y } of points) assert.ok(x >= 47 && x <= 753 && y >= 47 && y <= 273, `${x} ${y}`);
        }
        for (const { url } of tiles) assert.match(url, /^\d+\/\d+\/\d+$/);
      }),
    );
  });
});

describe('places on the map', () => {
  it('are read as longitude and latitude', () => {
    assert.deepEqual(parseCoordinates('-157.82, 21.3'), [-157.82, 21.3]);
    assert.deepEqual(parseCoordinates('−157.82;21.3'), [-157.82, 21.3]);
    for (const text of ['', '1', '1,', '1,2,3', '200,1', '1,91', 'a,b'])
      assert.equal(parseCoordinates(text), undefined, text);
  });

  it('lie within the picture, north above and east to the right', () => {
    const coordinate = fc.tuple(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -85, max: 85, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 1, maxLength: 12 }), (all) => {
        const { grid, points } = placed(
          all.map((coordinates, i) => ({ slug: String(i), coordinates, box_ids: [] })),
          800,
          320,
        );
        for (const { x, y } of points) assert.ok(x >= 0 && x <= 800 && y >= 0 && y <= 320, `${x} ${y}`);
        assert.ok(grid.length < 200);
        for (const a of points) {
          for (const b of points) {
            if ((a.location.coordinates?.[1] ?? 0) > (b.location.coordinates?.[1] ?? 0))
              assert.ok(a.y <= b.y);
          }
        }
      }),
    );
    assert.deepEqual(placed([{ slug: 'x', box_ids: [] }], 800, 320), { points: [], grid: [] });
  });
});
