/** __NAME__: asks for the waveform of a box whose RMS voltage sags below a limit. */
import { Settings } from '../makai/settings.js';

/** How early the window begins when no good measurement came before the sag, ms. */
const LEAD_MS = 1000;

export default class Sags {
  name = '__NAME__';
  version = '0.1.0';
  /** of each box: latestMs, lastGoodMs (last measurement that was not below the limit), sag { startMs, lowestV } */
  #boxes = new Map();
  #limitV = 0;
  #referenceV = 0;

  onLoad(values, context) {
    const settings = new Settings(values);
    this.#limitV = settings.number('limit_v', 110, { min: 0, max: 1000 });
    this.#referenceV = settings.number('reference_v', 120, { min: 1, max: 1000 });
    settings.close();
    context.log.info(`asks for sags below ${this.#limitV} V`);
  }

  processMeasurement(m) {
    const v = m.rms.min; // the lowest cycle: a sag of one cycle shows here
    if (Number.isNaN(v)) return undefined; // the voltage was not sent
    let box = this.#boxes.get(m.boxId);
    // nothing known of it, or its clock was set back: start over
    if (box === undefined || m.timestampMs < box.latestMs) {
      box = { latestMs: m.timestampMs };
      this.#boxes.set(m.boxId, box);
    }
    box.latestMs = m.timestampMs;
    if (v < this.#limitV) {
      box.sag ??= { startMs: box.lastGoodMs ?? m.timestampMs - LEAD_MS, lowestV: v };
      box.sag.lowestV = Math.min(box.sag.lowestV, v);
      return undefined;
    }
    const { sag } = box;
    delete box.sag;
    box.lastGoodMs = m.timestampMs;
    if (sag === undefined) return undefined;
    return {
      startMs: sag.startMs,
      endMs: m.timestampMs,
      boxIds: [m.boxId],
      triggerType: 'VOLTAGE_SAG',
      percentMagnitude: (100 * (this.#referenceV - sag.lowestV)) / this.#referenceV,
      description: `__NAME__: sag on box ${m.boxId}`,
      requestData: true,
    };
  }
}
