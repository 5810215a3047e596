import assert from 'node:assert/strict';
import fc from 'fast-check';
import ThresholdPlugin from '../../plugins/threshold/index.js';
import { feed, type Sample, testContext } from './feed.js';

const START = 1_700_000_000_000;
const SETTINGS = {
  voltage_threshold_percent_low: 0.05,
  voltage_threshold_percent_high: 0.05,
  frequency_threshold_percent_low: 0.005,
  frequency_threshold_percent_high: 0.005,
  thd_threshold_high: 0.05,
};

function started(settings: Record<string, unknown> = SETTINGS, over = {}) {
  const plugin = new ThresholdPlugin();
  const context = testContext(over);
  plugin.onLoad(settings, context);
  return { plugin, context };
}

/** Six a second: 120 V, 60 Hz, 2 % unless `change` says otherwise for measurement k. */
function stream(count: number, change: (k: number) => Partial<Sample> = () => ({}), boxId = 1): Sample[] {
  return Array.from({ length: count }, (_, k) => ({
    boxId,
    timestampMs: START + Math.round((k * 1000) / 6),
    f: 60,
    rms: 120,
    thd: 0.02,
    ...change(k),
  }));
}

describe('plugins/threshold', () => {
  it('asks from the last good measurement before a sag to the first good one after it', () => {
    const { plugin, context } = started();
    const samples = stream(30, (k) => (k >= 10 && k < 13 ? { rms: k === 11 ? 100 : 110 } : {}));
    const requests = feed(plugin, context, samples);
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.equal(request?.triggerType, 'VOLTAGE_SAG');
    assert.equal(request.startMs, samples[9]?.timestampMs);
    assert.equal(request.endMs, samples[13]?.timestampMs);
    assert.deepEqual(request.boxIds, [1]);
    assert.ok(Math.abs(request.percentMagnitude - 100 / 6) < 1e-4);
    assert.equal(request.requestData, true);
  });

  it('sees a sag that only the lowest cycle of a Metric shows', () => {
    const { plugin, context } = started();
    const requests = feed(
      plugin,
      context,
      stream(20, (k) => (k === 8 ? { rms: { min: 101, average: 119.5, max: 120.2 } } : {})),
    );
    assert.deepEqual(
      requests.map((r) => r.triggerType),
      ['VOLTAGE_SAG'],
    );
  });

  for (const [type, change] of [
    ['VOLTAGE_SWELL', { rms: 130 }],
    ['FREQUENCY_SAG', { f: 59.6 }],
    ['FREQUENCY_SWELL', { f: 60.4 }],
    ['OTHER', { thd: 0.08 }],
  ] as const) {
    it(`finds ${type}`, () => {
      const { plugin, context } = started();
      const requests = feed(
        plugin,
        context,
        stream(20, (k) => (k === 8 ? change : {})),
      );
      assert.deepEqual(
        requests.map((r) => r.triggerType),
        [type],
      );
    });
  }

  it('makes no frequency or THD event of a dead input, and one voltage sag to zero', () => {
    const { plugin, context } = started();
    const dead = { f: Number.NaN, thd: Number.NaN, rms: 0 };
    const requests = feed(
      plugin,
      context,
      stream(30, (k) => (k >= 10 && k < 20 ? dead : {})),
    );
    assert.deepEqual(
      requests.map((r) => [r.triggerType, r.percentMagnitude]),
      [['VOLTAGE_SAG', 100]],
    );
  });

  it('of an excursion that lasts, asks for the first 20 s, the last 10 s and a second every ten minutes in between', () => {
    const { plugin, context } = started();
    const open = { from: 60, to: 60 + 6 * 1500 };
    const samples = stream(6 * 1600, (k) => (k >= open.from && k < open.to ? { rms: 127 } : {}));
    const requests = feed(plugin, context, samples, 7);
    const startMs = samples[open.from - 1]?.timestampMs ?? 0;
    const endMs = samples[open.to]?.timestampMs ?? 0;
    const lengths = requests.map((r) => Math.round((r.endMs - r.startMs) / 1000));
    assert.deepEqual(lengths, [20, 1, 1, 10]);
    assert.deepEqual(
      requests.map((r) => Math.round((r.startMs - startMs) / 60_000)),
      [0, 10, 20, 25],
    );
    assert.equal(requests.at(-1)?.endMs, endMs);
    assert.deepEqual([...new Set(requests.map((r) => r.familyStartMs))], [startMs]);
    assert.match(requests[0]?.description ?? '', /voltage swell to 127.00 V/);
    assert.match(requests[1]?.description ?? '', /voltage deviation, 127.00 V on average for 10 min/);
    assert.match(requests[3]?.description ?? '', /for 25 min/);
  });

  it('asks for an excursion of up to 30 s whole', () => {
    const { plugin, context } = started();
    const samples = stream(6 * 60, (k) => (k >= 60 && k < 60 + 6 * 27 ? { rms: 100 } : {}));
    const requests = feed(plugin, context, samples, 5);
    assert.equal(requests[0]?.startMs, samples[59]?.timestampMs);
    assert.equal(requests.at(-1)?.endMs, samples[60 + 6 * 27]?.timestampMs);
    assert.equal(requests.length, 2);
    assert.equal(requests[1]?.startMs, requests[0]?.endMs);
  });

  it('calls a voltage that stands by its long name after a minute, and suspects constant or reference after ten', () => {
    const cases = [
      [133, 'overvoltage', /calibration constant of box 1.*nominal_voltage/],
      [127, 'voltage deviation', /5.8 % from its reference of 120 V: the calibration constant/],
      [102, 'undervoltage', /calibration constant/],
      [230, 'overvoltage', /reference of box 1\? 230.00 V .* looks like a grid of 230 V/],
    ] as const;
    for (const [rms, name, suspicion] of cases) {
      const { plugin, context } = started();
      feed(
        plugin,
        context,
        stream(6 * 50, () => ({ rms })),
      );
      assert.equal(context.lines.length, 1, 'only the limits');
      feed(plugin, context, stream(6 * 700, () => ({ rms })).slice(6 * 50));
      assert.match(
        context.lines[1] ?? '',
        new RegExp(`box 1: ${name}, ${rms}.00 V on average, reference 120 V`),
      );
      const findings = context.lines.slice(2);
      assert.equal(findings.length, 2, 'at ten minutes, and a minute later again');
      assert.match(findings[0] ?? '', suspicion);
    }
  });

  it('names the setting that the reference comes from', () => {
    const from = (voltageFrom: string) => {
      const reference = () => ({ voltage: 120, frequency: 60, voltageFrom, frequencyFrom: 'settings' });
      const { plugin, context } = started(SETTINGS, { reference });
      feed(
        plugin,
        context,
        stream(6 * 620, () => ({ rms: 127 })),
      );
      return context.lines.at(-1) ?? '';
    };
    assert.match(from('override'), /ref_v of box 1 in makai_config/);
    assert.match(from('makai_config'), /default_ref_v in makai_config/);
  });

  it('does not judge frequency and THD of flagged measurements, nor of the one before the first', () => {
    const { plugin, context } = started();
    const samples = stream(60, (k) => {
      if (k === 10) return { rms: 110, f: 54, thd: 0.3 };
      if (k > 10 && k < 20) return { rms: 0.06, f: 16, thd: 122, flagged: 4 };
      return k === 20 ? { f: 55, flagged: 4 } : {};
    });
    assert.deepEqual(
      feed(plugin, context, samples).map((r) => [r.triggerType, r.description]),
      [['VOLTAGE_SAG', 'threshold: interruption to 0.06 V on box 1']],
    );
  });

  it('judges THD of leakage alone neither near 60 Hz nor far from it, and real THD within 1 Hz', () => {
    const found = (f: number, thd: number) => {
      const { plugin, context } = started({ ...SETTINGS, frequency_threshold_percent_low: 0.5 });
      return feed(plugin, context, [...stream(100, (k) => (k > 40 && k < 50 ? { f, thd } : { f }))]).map(
        (r) => r.triggerType,
      );
    };
    assert.deepEqual(found(56, 0.117), []);
    assert.deepEqual(found(59.2, 0.06), []);
    assert.deepEqual(found(59.2, 0.09), ['OTHER']);
    assert.deepEqual(found(60, 0.06), ['OTHER']);
  });

  it('without a frequency THD waits for ten seconds: a Box 3 sends none at first', () => {
    const { plugin, context } = started();
    const samples = stream(120, (k) => ({ f: Number.NaN, thd: k > 10 && k < 20 ? 0.2 : 0.02 }));
    assert.deepEqual(feed(plugin, context, samples), []);
    const later = stream(240, (k) => ({ f: Number.NaN, thd: k > 150 && k < 160 ? 0.2 : 0.02 })).slice(120);
    assert.deepEqual(
      feed(plugin, context, later).map((r) => r.triggerType),
      ['OTHER'],
    );
  });

  it('at 50 Hz judges no THD, and single cycles of a Box 3 less their ripple', () => {
    const settings = { ...SETTINGS, reference_voltage: 230, reference_frequency: 50 };
    const found = (change: Partial<Sample>) => {
      const { plugin, context } = started(settings);
      const quiet = { f: 50, rms: { min: 211, average: 229.3, max: 242 }, thd: 0.26 };
      return feed(
        plugin,
        context,
        stream(60, (k) => ({ ...quiet, ...(k === 30 ? change : {}) })),
      ).map((r) => r.triggerType);
    };
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ thd: 4 }), []);
    assert.deepEqual(found({ rms: { min: 150, average: 217, max: 242 } }), ['VOLTAGE_SAG']);
    assert.deepEqual(found({ rms: { min: 150, average: 225, max: 242 } }), ['VOLTAGE_SAG']);
    assert.deepEqual(found({ rms: { min: 211, average: 232, max: 262 } }), ['VOLTAGE_SWELL']);
    assert.deepEqual(found({ rms: 217 }), ['VOLTAGE_SAG']);
    assert.deepEqual(found({ f: 49.6 }), ['FREQUENCY_SAG']);
  });

  it('asks immediately when the box of an open excursion falls silent', () => {
    const { plugin, context } = started();
    const samples = stream(12, (k) => (k >= 10 ? { rms: 90 } : {}));
    assert.deepEqual(feed(plugin, context, samples), []);
    context.nowMs += 6000;
    const requests = plugin.onTick(context.nowMs) ?? [];
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.startMs, samples[9]?.timestampMs);
    assert.ok((requests[0]?.endMs ?? 0) >= (samples[11]?.timestampMs ?? 0));
    assert.equal(plugin.onTick(context.nowMs + 60_000), undefined);
  });

  it('asks for what is open when it is unloaded', () => {
    const { plugin, context } = started();
    feed(
      plugin,
      context,
      stream(12, (k) => (k >= 10 ? { rms: 90 } : {})),
    );
    assert.equal(plugin.onUnload().length, 1);
  });

  it('ends an excursion by the hysteresis, and leaves out one shorter than the minimum duration', () => {
    const hysteresis = started({ ...SETTINGS, hysteresis: 0.02 });
    const swing = stream(40, (k) => (k === 10 ? { rms: 110 } : k > 10 && k < 20 ? { rms: 115 } : {}));
    const requests = feed(hysteresis.plugin, hysteresis.context, swing);
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.endMs, swing[20]?.timestampMs);
    const brief = started({ ...SETTINGS, min_duration_ms: 1000 });
    assert.deepEqual(
      feed(
        brief.plugin,
        brief.context,
        stream(30, (k) => (k === 10 ? { rms: 100 } : {})),
      ),
      [],
    );
  });

  it('the limits of makai_config win over its settings, box by box', () => {
    const wide = { refF: 60, refV: 120, fLow: 0.5, fHigh: 0.5, vLow: 0.5, vHigh: 0.5, thdHigh: 0.5 };
    const { plugin, context } = started(SETTINGS, {
      thresholds: (boxId: number) => (boxId === 2001 ? wide : undefined),
    });
    const sag = (k: number) => (k === 8 ? { rms: 100 } : {});
    assert.deepEqual(feed(plugin, context, stream(20, sag, 2001)), []);
    assert.equal(feed(plugin, context, stream(20, sag, 7)).length, 1);
  });

  it('starts again when a clock steps back, and asks for what was open', () => {
    const { plugin, context } = started();
    const first = stream(12, (k) => (k >= 10 ? { rms: 90 } : {}));
    feed(plugin, context, first);
    const back = stream(12).map((s) => ({ ...s, timestampMs: s.timestampMs - 600_000 }));
    assert.equal(feed(plugin, context, back).length, 1);
  });

  it('judges every measurement of a clock that counts whole seconds, and the same measurement only once', () => {
    const seconds = (count: number, change: (k: number) => Partial<Sample>) =>
      stream(count, change).map((s) => ({ ...s, timestampMs: 1000 * Math.floor(s.timestampMs / 1000) }));
    for (const [from, to] of [
      [9, 10],
      [9, 14],
    ] as const) {
      const { plugin, context } = started();
      const requests = feed(
        plugin,
        context,
        seconds(30, (k) => (k >= from && k < to ? { rms: 100 + k } : {})),
      );
      assert.deepEqual(
        requests.map((r) => [r.startMs, r.endMs]),
        [[START + 1000, START + 2000]],
      );
    }
    // A flagged measurement ends an excursion of one measurement, and of two it does not.
    for (const [second, expected] of [
      [{}, []],
      [{ rms: 120.1 }, ['OTHER']],
    ] as const) {
      const { plugin, context } = started();
      const one = { boxId: 1, timestampMs: START, f: 60, rms: 120, thd: 0.08 };
      const flagged = { ...one, timestampMs: START + 1000, flagged: 1 };
      const requests = feed(plugin, context, [one, { ...one, ...second }, flagged]);
      assert.deepEqual(
        [...requests, ...plugin.onUnload()].map((r) => r.triggerType),
        expected,
      );
    }
  });

  it('refuses settings with every mistake named', () => {
    assert.throws(
      () => started({ voltage_threshold_percent_low: 5, frequncy: 1 }),
      (error: Error) =>
        /voltage_threshold_percent_low.*fraction below 1/.test(error.message) &&
        /frequncy/.test(error.message),
    );
    assert.throws(() => started({ ...SETTINGS, hysteresis: 0.2 }), /never end/);
  });

  it('states the limits in hertz and volts at start', () => {
    const { context } = started();
    assert.match(context.lines.join('\n'), /59\.700 to 60\.300 Hz, RMS voltage 114\.00 to 126\.00 V/);
  });

  it('every bad measurement of the first 18 s and the last 9 s of any excursion lies in a window asked for, and windows hold no more than 30 s', () => {
    const runs = fc.array(
      fc.tuple(fc.constantFrom(120, 119, 121, 100, 130, 0), fc.integer({ min: 1, max: 250 })),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 50 }), (lengths, size) => {
        const { plugin, context } = started();
        const values = lengths.flatMap(([rms, count]) => new Array<number>(count).fill(rms));
        const kind = (rms: number) => (rms < 114 ? 'VOLTAGE_SAG' : rms > 126 ? 'VOLTAGE_SWELL' : undefined);
        const samples = stream(values.length, (k) => ({ rms: values[k] ?? 120 }));
        const requests = [...feed(plugin, context, samples, size), ...plugin.onUnload()];
        let from = 0;
        values.forEach((value, k) => {
          if (kind(value) !== kind(values[k - 1] ?? 120)) from = k;
          if (kind(value) === undefined) return;
          const next = values.findIndex((other, i) => i > k && kind(other) !== kind(value));
          const to = next < 0 ? values.length : next;
          if (k - from > 6 * 18 && to - k > 6 * 9) return;
          const time = samples[k]?.timestampMs ?? 0;
          const isAsked = requests.some(
            (r) => r.triggerType === kind(value) && r.startMs <= time && r.endMs >= time,
          );
          assert.ok(isAsked, `measurement ${k}`);
        });
        for (const r of requests) assert.ok(r.endMs > r.startMs && r.endMs - r.startMs <= 30_000);
      }),
    );
  });
});
