/** napali: adaptive; one event of the whole fleet, with every box that shows it. See README.md. */
import type { EventRequest, MeasurementColumns, Plugin, PluginContext, TriggerType } from '../sdk/plugin.js';
import { FleetEvent } from './fleet-event.js';
import { RunningStats } from './running-stats.js';
import { type NapaliSettings, parseSettings } from './settings.js';

/** Lead when no normal measurement is known or the last one is old, ms. */
const LEAD_MS = 1000;

interface Box {
  f: RunningStats;
  rms: RunningStats;
  thd: RunningStats;
  trans: RunningStats;
  latestMs: number;
  lastNormalMs: number;
}

export default class NapaliPlugin implements Plugin {
  readonly name = 'napali';
  readonly #boxes = new Map<number, Box>();
  #settings: NapaliSettings = parseSettings({});
  #context: PluginContext | undefined;
  #event: FleetEvent | undefined;
  // What the newest measurement passed, set by #passesLimit.
  #type: TriggerType = 'OTHER';
  #magnitude = 0;

  onLoad(settings: Record<string, unknown>, context: PluginContext): void {
    this.#settings = parseSettings(settings);
    this.#context = context;
    const s = this.#settings;
    context.log.info(
      `limits: ${s.f_min} to ${s.f_max} Hz, ${s.rms_min} to ${s.rms_max} V, THD up to ${100 * s.thd_max} %, transients up to ${s.trans_max} V`,
    );
  }

  processBatch(columns: MeasurementColumns): EventRequest[] | undefined {
    const now = this.#context?.now() ?? Date.now();
    const requests: EventRequest[] = [];
    for (let i = 0; i < columns.count; i++) this.#measurement(columns, i, now, requests);
    return requests.length > 0 ? requests : undefined;
  }

  onTick(nowMs: number): EventRequest[] | undefined {
    const requests: EventRequest[] = [];
    this.#event?.dropSilent(nowMs);
    this.#closeIfOver(requests);
    return requests.length > 0 ? requests : undefined;
  }

  onUnload(): EventRequest[] {
    const requests: EventRequest[] = [];
    if (this.#event !== undefined) this.#ask(this.#event, requests);
    this.#event = undefined;
    return requests;
  }

  #measurement(columns: MeasurementColumns, i: number, now: number, requests: EventRequest[]): void {
    const boxId = columns.boxId[i] ?? 0;
    const time = columns.timestampMs[i] ?? 0;
    const box = this.#box(boxId);
    const back = time < box.latestMs;
    box.latestMs = time;
    if (back) box.lastNormalMs = Number.NEGATIVE_INFINITY;
    const above = this.#passesLimit(columns, i);
    if (above || this.#leavesBand(box, columns, i)) {
      if (above && this.#event === undefined) {
        this.#event = new FleetEvent(this.#type, this.#settings.grace_time_ms);
        if (this.#settings.debug)
          this.#context?.log.info(`event opens: ${this.#type} on box ${boxId} at ${time}`);
      }
      const event = this.#event;
      if (event !== undefined) {
        const since = time - box.lastNormalMs <= this.#settings.slice_ms ? box.lastNormalMs : time - LEAD_MS;
        event.join(boxId, since, time, above, now);
        if (above && this.#magnitude > event.magnitude) event.magnitude = this.#magnitude;
      }
    } else {
      this.#event?.normal(boxId, time, now);
      box.lastNormalMs = time;
    }
    // What is past a limit says nothing about how the mains normally are.
    if (!above) this.#learn(box, columns, i);
    this.#closeIfOver(requests);
  }

  #closeIfOver(requests: EventRequest[]): void {
    const event = this.#event;
    if (event === undefined) return;
    if (event.isOver) {
      this.#ask(event, requests);
      this.#event = undefined;
    } else if (event.isLong(this.#settings.slice_ms)) {
      this.#ask(event, requests);
    }
  }

  #ask(event: FleetEvent, requests: EventRequest[]): void {
    if (event.size < 2 && !this.#settings.trigger_local) return;
    const description = `napali: ${event.size === 1 ? 'one box' : `${event.size} boxes`} outside`;
    for (const { boxIds, startMs, endMs } of event.take(this.#settings.slice_ms)) {
      requests.push({
        startMs,
        endMs,
        boxIds,
        triggerType: event.type,
        percentMagnitude: event.magnitude,
        description,
        requestData: true,
      });
    }
  }

  /** Whether a limit is passed, by the least and greatest cycle; sets type and magnitude of the worst. */
  #passesLimit(columns: MeasurementColumns, i: number): boolean {
    const s = this.#settings;
    this.#magnitude = -1;
    const refF = (s.f_min + s.f_max) / 2;
    const refV = (s.rms_min + s.rms_max) / 2;
    const fMin = columns.f.min[i] ?? Number.NaN;
    const fMax = columns.f.max[i] ?? Number.NaN;
    const rmsMin = columns.rms.min[i] ?? Number.NaN;
    const rmsMax = columns.rms.max[i] ?? Number.NaN;
    const thd = columns.thd.max[i] ?? Number.NaN;
    const trans = columns.trans.max[i] ?? Number.NaN;
    if (fMin < s.f_min) this.#worst('FREQUENCY_SAG', (100 * (refF - fMin)) / refF);
    if (fMax > s.f_max) this.#worst('FREQUENCY_SWELL', (100 * (fMax - refF)) / refF);
    if (rmsMin < s.rms_min) this.#worst('VOLTAGE_SAG', (100 * (refV - rmsMin)) / refV);
    if (rmsMax > s.rms_max) this.#worst('VOLTAGE_SWELL', (100 * (rmsMax - refV)) / refV);
    if (thd > s.thd_max) this.#worst('OTHER', 100 * thd);
    if (trans > s.trans_max) this.#worst('OTHER', (100 * trans) / refV);
    return this.#magnitude >= 0;
  }

  #worst(type: TriggerType, magnitude: number): void {
    if (magnitude <= this.#magnitude) return;
    this.#type = type;
    this.#magnitude = magnitude;
  }

  /** Whether an average lies more than three sigma from the box's own mean. NaN (not sent) never does. */
  #leavesBand(box: Box, columns: MeasurementColumns, i: number): boolean {
    return (
      box.f.isOutside(columns.f.average[i] ?? Number.NaN) ||
      box.rms.isOutside(columns.rms.average[i] ?? Number.NaN) ||
      box.thd.isOutside(columns.thd.average[i] ?? Number.NaN) ||
      box.trans.isOutside(columns.trans.average[i] ?? Number.NaN)
    );
  }

  #learn(box: Box, columns: MeasurementColumns, i: number): void {
    const { alpha } = this.#settings;
    const f = columns.f.average[i] ?? Number.NaN;
    const rms = columns.rms.average[i] ?? Number.NaN;
    const thd = columns.thd.average[i] ?? Number.NaN;
    const trans = columns.trans.average[i] ?? Number.NaN;
    if (!Number.isNaN(f)) box.f.add(f, alpha);
    if (!Number.isNaN(rms)) box.rms.add(rms, alpha);
    if (!Number.isNaN(thd)) box.thd.add(thd, alpha);
    if (!Number.isNaN(trans)) box.trans.add(trans, alpha);
  }

  #box(boxId: number): Box {
    let box = this.#boxes.get(boxId);
    if (box === undefined) {
      const [f, rms, thd, trans] = [
        new RunningStats(),
        new RunningStats(),
        new RunningStats(),
        new RunningStats(),
      ];
      const never = Number.NEGATIVE_INFINITY;
      box = { f, rms, thd, trans, latestMs: never, lastNormalMs: never };
      this.#boxes.set(boxId, box);
    }
    return box;
  }
}
