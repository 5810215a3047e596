/** __NAME__: asks for the waveform of a box whose RMS voltage dips below a limit. */
import type { EventRequest, Plugin, PluginContext, PluginMeasurement } from '../makai/plugin.js';
import { Settings } from '../makai/settings.js';

/** How early the window begins when no good measurement came before the dip, ms. */
const LEAD_MS = 1000;

interface BoxState {
  latestMs: number;
  /** last measurement that was not below the limit */
  lastGoodMs?: number;
  /** V RMS */
  dip?: { startMs: number; leastV: number };
}

export default class Dips implements Plugin {
  readonly name = '__NAME__';
  readonly version = '0.1.0';
  readonly #boxes = new Map<number, BoxState>();
  #limitV = 0;
  #referenceV = 0;

  onLoad(values: Record<string, unknown>, context: PluginContext): void {
    const settings = new Settings(values);
    this.#limitV = settings.number('limit_v', 110, { least: 0, greatest: 1000 });
    this.#referenceV = settings.number('reference_v', 120, { least: 1, greatest: 1000 });
    settings.close();
    context.log.info(`asks for dips below ${this.#limitV} V`);
  }

  processMeasurement(m: PluginMeasurement): EventRequest | undefined {
    const v = m.rms.min; // the least cycle: a dip of one cycle shows here
    if (Number.isNaN(v)) return undefined; // the voltage was not sent
    let box = this.#boxes.get(m.boxId);
    // nothing known of it, or its clock was set back: begin anew
    if (box === undefined || m.timestampMs < box.latestMs) {
      box = { latestMs: m.timestampMs };
      this.#boxes.set(m.boxId, box);
    }
    box.latestMs = m.timestampMs;
    if (v < this.#limitV) {
      box.dip ??= { startMs: box.lastGoodMs ?? m.timestampMs - LEAD_MS, leastV: v };
      box.dip.leastV = Math.min(box.dip.leastV, v);
      return undefined;
    }
    const { dip } = box;
    delete box.dip;
    box.lastGoodMs = m.timestampMs;
    if (dip === undefined) return undefined;
    return {
      startMs: dip.startMs,
      endMs: m.timestampMs,
      boxIds: [m.boxId],
      triggerType: 'VOLTAGE_SAG',
      percentMagnitude: (100 * (this.#referenceV - dip.leastV)) / this.#referenceV,
      description: `__NAME__: dip on box ${m.boxId}`,
      requestData: true,
    };
  }
}
