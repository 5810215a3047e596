/** threshold: asks for the waveform wherever frequency, RMS voltage or THD leave their limits. See README.md. */
import type { EventRequest, MeasurementColumns, Plugin, PluginContext } from '../sdk/plugin.js';
import { Excursion, type Slice } from './excursion.js';
import { type Limits, limitsOf } from './limits.js';
import { parseSettings, type ThresholdSettings } from './settings.js';

const lower = (a: number, b: number): boolean => a < b;
const higher = (a: number, b: number): boolean => a > b;

/** Limits are looked up again this often, ms: `makai_config` may have changed. */
const LIMITS_AGE_MS = 60_000;

interface BoxState {
  limits: Limits;
  limitsAtMs: number;
  lastMs: number;
  /** when the last measurement came, by our clock */
  heardMs: number;
  fSag: Excursion;
  fSwell: Excursion;
  vSag: Excursion;
  vSwell: Excursion;
  thd: Excursion;
  all: readonly Excursion[];
}

export default class ThresholdPlugin implements Plugin {
  readonly name = 'threshold';
  readonly #boxes = new Map<number, BoxState>();
  #settings: ThresholdSettings = parseSettings({});
  #context: PluginContext | undefined;
  #debug = new Set<number>();

  onLoad(settings: Record<string, unknown>, context: PluginContext): void {
    this.#settings = parseSettings(settings);
    this.#context = context;
    this.#debug = new Set(this.#settings.debug ? this.#settings.debug_devices : []);
    const l = limitsOf(this.#settings, undefined);
    context.log.info(
      `limits: frequency ${l.fLow.toFixed(3)} to ${l.fHigh.toFixed(3)} Hz, RMS voltage ${l.vLow.toFixed(2)} to ${l.vHigh.toFixed(2)} V, ` +
        `THD up to ${(100 * l.thdHigh).toFixed(2)} % (makai_config in the store stands above these)`,
    );
  }

  processBatch(columns: MeasurementColumns): EventRequest[] | undefined {
    const now = this.#context?.now() ?? Date.now();
    let requests: EventRequest[] | undefined;
    const slices: Slice[] = [];
    for (let i = 0; i < columns.count; i++) {
      const boxId = columns.boxId[i] ?? 0;
      const state = this.#stateOf(boxId, now);
      this.#judge(state, columns, i, slices);
      state.heardMs = now;
      if (slices.length > 0) {
        requests ??= [];
        for (const slice of slices) requests.push(toRequest(boxId, slice, state.limits));
        slices.length = 0;
      }
      if (this.#debug.size > 0 && this.#debug.has(boxId)) this.#logMeasurement(boxId, columns, i);
    }
    return requests;
  }

  /** Ends the excursions of boxes that fell silent. */
  onTick(nowMs: number): EventRequest[] | undefined {
    const requests: EventRequest[] = [];
    for (const [boxId, state] of this.#boxes) {
      if (nowMs - state.heardMs < this.#settings.silence_ms) continue;
      requests.push(...this.#interrupt(boxId, state));
      // A box that has been gone for a day holds no memory here.
      if (nowMs - state.heardMs > 86_400_000) this.#boxes.delete(boxId);
    }
    return requests.length > 0 ? requests : undefined;
  }

  onUnload(): EventRequest[] {
    return [...this.#boxes].flatMap(([boxId, state]) => this.#interrupt(boxId, state));
  }

  #interrupt(boxId: number, state: BoxState): EventRequest[] {
    const slices: Slice[] = [];
    for (const excursion of state.all) if (excursion.isOpen) excursion.interrupt(slices);
    return slices.map((slice) => toRequest(boxId, slice, state.limits));
  }

  #judge(state: BoxState, columns: MeasurementColumns, i: number, out: Slice[]): void {
    const time = columns.timestampMs[i] ?? 0;
    if (time === state.lastMs) return;
    // A clock that stepped back: what was open cannot be continued, what comes starts again.
    if (time < state.lastMs) for (const excursion of state.all) excursion.interrupt(out);
    state.lastMs = time;
    const l = state.limits;
    const { f, rms, thd } = columns;
    below(state.fSag, time, f.min[i] ?? Number.NaN, l.fLow, l.backF, out);
    above(state.fSwell, time, f.max[i] ?? Number.NaN, l.fHigh, l.backF, out);
    below(state.vSag, time, rms.min[i] ?? Number.NaN, l.vLow, l.backV, out);
    above(state.vSwell, time, rms.max[i] ?? Number.NaN, l.vHigh, l.backV, out);
    above(state.thd, time, thd.max[i] ?? Number.NaN, l.thdHigh, l.backThd, out);
  }

  #stateOf(boxId: number, now: number): BoxState {
    let state = this.#boxes.get(boxId);
    if (state === undefined) {
      const { slice_ms: sliceMs, min_duration_ms: minDurationMs, silence_ms: silenceMs } = this.#settings;
      const options = { sliceMs, minDurationMs, silenceMs };
      const fSag = new Excursion('FREQUENCY_SAG', options);
      const fSwell = new Excursion('FREQUENCY_SWELL', options);
      const vSag = new Excursion('VOLTAGE_SAG', options);
      const vSwell = new Excursion('VOLTAGE_SWELL', options);
      const thd = new Excursion('OTHER', options);
      const all = [fSag, fSwell, vSag, vSwell, thd];
      const limits = limitsOf(this.#settings, this.#context?.thresholds(boxId));
      const lastMs = Number.NEGATIVE_INFINITY;
      state = { limits, limitsAtMs: now, lastMs, heardMs: now, fSag, fSwell, vSag, vSwell, thd, all };
      this.#boxes.set(boxId, state);
    } else if (now - state.limitsAtMs > LIMITS_AGE_MS) {
      state.limits = limitsOf(this.#settings, this.#context?.thresholds(boxId));
      state.limitsAtMs = now;
    }
    return state;
  }

  #logMeasurement(boxId: number, columns: MeasurementColumns, i: number): void {
    const { f, rms, thd } = columns;
    this.#context?.log.info(
      `box ${boxId} at ${columns.timestampMs[i]}: ${f.average[i]} Hz, ${rms.average[i]} V (${rms.min[i]} to ${rms.max[i]}), THD ${thd.average[i]}`,
    );
  }
}

/** A value that is not there (NaN: not sent, or from a dead input) neither opens nor ends anything. */
function below(ex: Excursion, time: number, value: number, limit: number, back: number, out: Slice[]): void {
  if (value < limit || (ex.isOpen && value < limit + back)) ex.bad(time, value, lower, out);
  else if (value >= limit) ex.good(time, out);
  else ex.unknown(time, out);
}

function above(ex: Excursion, time: number, value: number, limit: number, back: number, out: Slice[]): void {
  if (value > limit || (ex.isOpen && value > limit - back)) ex.bad(time, value, higher, out);
  else if (value <= limit) ex.good(time, out);
  else ex.unknown(time, out);
}

function toRequest(boxId: number, slice: Slice, limits: Limits): EventRequest {
  const { type: triggerType, startMs, endMs, extreme } = slice;
  const [what, percentMagnitude] = describe(triggerType, extreme, limits);
  const description = `threshold: ${what} on box ${boxId}`;
  return { startMs, endMs, boxIds: [boxId], triggerType, percentMagnitude, description, requestData: true };
}

/** Text and largest deviation from the reference in percent of it; for THD its own value in percent (the reference is 0). */
function describe(type: Slice['type'], extreme: number, l: Limits): [string, number] {
  switch (type) {
    case 'VOLTAGE_SAG':
    case 'VOLTAGE_SWELL':
      return [
        `${type === 'VOLTAGE_SAG' ? 'voltage sag to' : 'voltage swell to'} ${extreme.toFixed(2)} V`,
        (100 * Math.abs(extreme - l.refV)) / l.refV,
      ];
    case 'FREQUENCY_SAG':
    case 'FREQUENCY_SWELL':
      return [
        `${type === 'FREQUENCY_SAG' ? 'underfrequency to' : 'overfrequency to'} ${extreme.toFixed(3)} Hz`,
        (100 * Math.abs(extreme - l.refF)) / l.refF,
      ];
    case 'OTHER':
      return [`THD of ${(100 * extreme).toFixed(2)} %`, 100 * extreme];
  }
}
