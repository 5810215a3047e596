/** What each finding of a box says: the examples in docs/box-health.md have this form, and what running daemons say has it too. */
import assert from 'node:assert/strict';
import type { BoxFindingCode } from '../../common/box-findings.js';

export const FINDING_TEXTS: Readonly<Record<BoxFindingCode, RegExp>> = {
  ID_IN_USE_TWICE: /two time series interleave under this id/,
  CLOCK_STOPPED: /its time has been the same for \d+\.\d s/,
  CLOCK_OFFSET: /its clock is \d+\.\d s (behind|ahead of) ours \(spread \d+\.\d s\)/,
  CLOCK_STEPPED: /its clock was set by [-+]\d+\.\d s/,
  NO_REPLIES: /\d+ requests without a reply; replies: (none since our start|the last \d)/,
  NOISY_INPUT: /\d+ % of its measurements have an invalid value/,
  RATE: /\d+ % of the usual \d\.\d\d measurements per second arrive/,
  METER_SILENT: /no measurement since 2\d{3}-/,
  CALIBRATION_SUSPECT:
    /\d+\.\d\d V for [\d.]+ (s|min|h), -?\d+\.\d % from its reference of \d+ V: the calibration constant of box \d+, or its reference, which is nominal_voltage in the triggering service's file, or reference_voltage of threshold in it/,
  WAVEFORM_BUDGET: /its budget of \d+ MB is used up until midnight UTC/,
  UNPLUGGED_BUT_SENDING: /its record says that it is unplugged/,
  DEFAULT_ID: /it sends as box 0/,
};

/** @param info of a finding that a daemon serves */
export function assertSaid(code: BoxFindingCode, info: string | undefined): void {
  assert.match(info ?? '', new RegExp(`^(?:${FINDING_TEXTS[code].source})$`), code);
}
