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

  it('asks for an excursion that stays open after 20 s and goes on in slices without a hole', () => {
    const { plugin, context } = started();
    const samples = stream(6 * 100, (k) => (k >= 60 && k < 540 ? { rms: 100 } : {}));
    const requests = feed(plugin, context, samples, 7);
    assert.ok(requests.length >= 4);
    assert.equal(requests[0]?.startMs, samples[59]?.timestampMs);
    assert.equal(requests.at(-1)?.endMs, samples[540]?.timestampMs);
    requests.forEach((request, i) => {
      assert.ok(request.endMs - request.startMs <= 30_000);
      if (i > 0) assert.equal(request.startMs, requests[i - 1]?.endMs);
    });
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

  it('holds the limits of makai_config above its settings, box by box', () => {
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

  it('every bad measurement of any stream lies in a window asked for, and windows hold no more than 30 s', () => {
    const volts = fc.array(fc.constantFrom(120, 119, 121, 100, 130, 0), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(volts, fc.integer({ min: 1, max: 50 }), (values, size) => {
        const { plugin, context } = started();
        const samples = stream(values.length, (k) => ({ rms: values[k] ?? 120 }));
        const requests = [...feed(plugin, context, samples, size), ...plugin.onUnload()];
        for (const sample of samples) {
          const bad = sample.rms === 100 || sample.rms === 130 || sample.rms === 0;
          if (!bad) continue;
          const type = sample.rms === 130 ? 'VOLTAGE_SWELL' : 'VOLTAGE_SAG';
          assert.ok(
            requests.some(
              (r) =>
                r.triggerType === type && r.startMs <= sample.timestampMs && r.endMs >= sample.timestampMs,
            ),
          );
        }
        for (const r of requests) assert.ok(r.endMs > r.startMs && r.endMs - r.startMs <= 30_000);
      }),
    );
  });
});
