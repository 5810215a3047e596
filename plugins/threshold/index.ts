/** threshold: asks for the waveform wherever frequency, RMS voltage or THD leave their limits. See README.md. */
import { thdAllowanceAt } from '../../signal/index.js';
import type { EventRequest, MeasurementColumns, Plugin, PluginContext } from '../sdk/plugin.js';
import { Box } from './box.js';
import { longName, toRequest } from './describe.js';
import type { ExcursionOptions, Slice } from './excursion.js';
import { type Limits, limitsOf } from './limits.js';
import { parseSettings, type ThresholdSettings } from './settings.js';
import { suspicionOf } from './suspicion.js';

/** Limits are looked up again this often, ms: `makai_config` may have changed. */
const LIMITS_AGE_MS = 60_000;
/** A finding that lasts is reported again this often, ms. */
const REPORT_MS = 60_000;
/** A box that has been gone for so long holds no memory here, ms. */
const FORGET_MS = 86_400_000;
/** After a gap this long the measurements of a box before and after it do not belong to one excursion, ms. */
const GAP_MS = 60_000;
/** A meter may send once in a minute or seldomer: so long it is neither silent nor is there a gap, ms. */
const METER_GAP_MS = 300_000;
/** An id that no box has: what holds for all. */
const NO_BOX = -1;

export default class ThresholdPlugin implements Plugin {
  readonly name = 'threshold';
  readonly #boxes = new Map<number, Box>();
  #settings: ThresholdSettings = parseSettings({});
  #context: PluginContext | undefined;
  #debug = new Set<number>();

  onLoad(settings: Record<string, unknown>, context: PluginContext): void {
    this.#settings = parseSettings(settings);
    this.#context = context;
    this.#debug = new Set(this.#settings.debug ? this.#settings.debug_devices : []);
    const { frequency, voltage } = context.reference(NO_BOX);
    const fromSettings = { frequencyFrom: 'settings', voltageFrom: 'settings' } as const;
    const l = limitsOf(this.#settings, undefined, { frequency, voltage, ...fromSettings });
    context.log.info(
      `limits: frequency ${l.fLow.toFixed(3)} to ${l.fHigh.toFixed(3)} Hz, RMS voltage ${l.vLow.toFixed(2)} to ${l.vHigh.toFixed(2)} V, ` +
        `THD up to ${(100 * l.thdHigh).toFixed(2)} % (makai_config in the store wins over these)`,
    );
    if (!Number.isFinite(thdAllowanceAt(l.refF)))
      context.log.warn(
        `reference ${l.refF} Hz: THD is not judged, and single cycles of a Box 3 at wider limits, because boxes measure in windows of 1/60 s`,
      );
  }

  processBatch(columns: MeasurementColumns): EventRequest[] | undefined {
    const now = this.#loaded.now();
    let requests: EventRequest[] | undefined;
    const slices: Slice[] = [];
    for (let i = 0; i < columns.count; i++) {
      const boxId = columns.boxId[i] ?? 0;
      const box = this.#boxOf(boxId, now);
      box.judge(columns, i, slices);
      box.heardMs = now;
      if (slices.length > 0) {
        requests ??= [];
        for (const slice of slices) requests.push(this.#toRequest(boxId, slice, box));
        slices.length = 0;
      }
      this.#watchStanding(boxId, box);
      if (this.#debug.size > 0 && this.#debug.has(boxId)) this.#logMeasurement(boxId, columns, i);
    }
    return requests;
  }

  /** Ends the excursions of boxes that fell silent. */
  onTick(nowMs: number): EventRequest[] | undefined {
    const requests: EventRequest[] = [];
    for (const [boxId, box] of this.#boxes) {
      if (nowMs - box.heardMs < box.silenceMs) continue;
      requests.push(...this.#interrupt(boxId, box));
      if (nowMs - box.heardMs > FORGET_MS) this.#boxes.delete(boxId);
    }
    return requests.length > 0 ? requests : undefined;
  }

  onUnload(): EventRequest[] {
    return [...this.#boxes].flatMap(([boxId, box]) => this.#interrupt(boxId, box));
  }

  #interrupt(boxId: number, box: Box): EventRequest[] {
    const slices: Slice[] = [];
    for (const excursion of box.all) if (excursion.isOpen) excursion.interrupt(slices);
    box.isLong = false;
    return slices.map((slice) => this.#toRequest(boxId, slice, box));
  }

  #toRequest(boxId: number, slice: Slice, { limits }: Box): EventRequest {
    return toRequest(boxId, slice, limits, this.#settings.long_ms);
  }

  #boxOf(boxId: number, now: number): Box {
    let box = this.#boxes.get(boxId);
    if (box === undefined) {
      box = new Box(this.#options(boxId), this.#limitsOf(boxId), now);
      this.#boxes.set(boxId, box);
    } else if (now - box.limitsAtMs > LIMITS_AGE_MS) {
      box.limits = this.#limitsOf(boxId);
      box.limitsAtMs = now;
    }
    return box;
  }

  #options(boxId: number): ExcursionOptions {
    const s = this.#settings;
    const isMeter = this.#loaded.boxes.get(boxId).kind === 'meter';
    return {
      ...{ firstMs: s.slice_ms, lastMs: s.last_ms, sampleMs: s.sample_ms, sampleEveryMs: s.sample_every_ms },
      minDurationMs: s.min_duration_ms,
      silenceMs: isMeter ? Math.max(METER_GAP_MS, s.silence_ms) : s.silence_ms,
      gapMs: isMeter ? METER_GAP_MS : GAP_MS,
    };
  }

  #limitsOf(boxId: number): Limits {
    return limitsOf(this.#settings, this.#loaded.thresholds(boxId), this.#loaded.reference(boxId));
  }

  /** A voltage that stands outside its limits is said to be more than a sag or swell after a minute, and suspect after ten. */
  #watchStanding(boxId: number, box: Box): void {
    const standing = box.vSag.standing ?? box.vSwell.standing;
    if (standing === undefined) {
      box.isLong = false;
      return;
    }
    const { long_ms, suspect_ms } = this.#settings;
    if (standing.lastedMs < long_ms) return;
    const context = this.#loaded;
    const { refV } = box.limits;
    if (!box.isLong) {
      box.isLong = true;
      const volts = `${standing.mean.toFixed(2)} V on average`;
      context.log.warn(`box ${boxId}: ${longName(standing.mean / refV)}, ${volts}, reference ${refV} V`);
    }
    if (standing.lastedMs < suspect_ms || box.heardMs - box.suspectedMs < REPORT_MS) return;
    box.suspectedMs = box.heardMs;
    const reference = context.reference(boxId);
    context.report(boxId, 'CALIBRATION_SUSPECT', suspicionOf(boxId, standing, refV, reference));
  }

  get #loaded(): PluginContext {
    if (this.#context === undefined) throw new Error('onLoad was not called');
    return this.#context;
  }

  #logMeasurement(boxId: number, columns: MeasurementColumns, i: number): void {
    const { f, rms, thd } = columns;
    this.#loaded.log.info(
      `box ${boxId} at ${columns.timestampMs[i]}: ${f.average[i]} Hz, ${rms.average[i]} V (${rms.min[i]} to ${rms.max[i]}), THD ${thd.average[i]}`,
    );
  }
}
