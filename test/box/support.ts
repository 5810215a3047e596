/** Boxes, sources and waits that the tests of this folder share. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type Box,
  type BoxOptions,
  type CycleSource,
  ManualClock,
  memorySource,
  startBox,
} from '../../box/index.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type Broker, subscribed } from './broker.js';

/** The recordings; absent in a checkout of the project alone. */
export const SHARED = path.join(PACKAGE_ROOT, '../shared/data');
export const hasShared = existsSync(SHARED);

/** When the clocks of these tests begin. */
export const START_MS = 1_795_315_170_000;

/** A sine of 60 Hz that has its cycle's number hidden in the first sample, so that a mix-up shows. */
export function numberedSource(cycles = 6000): CycleSource {
  const samples = new Int16Array(cycles * 200);
  for (let i = 0; i < samples.length; i += 1) {
    samples[i] = Math.round(16_387 * Math.sin((2 * Math.PI * (i + 0.5)) / 200));
  }
  for (let cycle = 0; cycle < cycles; cycle += 1) samples[cycle * 200] = cycle;
  return memorySource(samples, 96.56, 'numbered cycles');
}

/** One for all tests, so that it is analysed once. */
const NUMBERED = numberedSource();

export interface TestBox {
  box: Box;
  clock: ManualClock;
}

/** A box on a manual clock, already subscribed to by the broker. It replies immediately unless `box2.pollMs` is set. */
export async function boxAt(
  broker: Broker,
  options: Partial<BoxOptions> & Pick<BoxOptions, 'dialect'>,
): Promise<TestBox> {
  const clock = new ManualClock(START_MS);
  const box = await startBox({
    id: options.dialect === 2 ? 1001 : 7,
    source: NUMBERED,
    serverPublicKey: broker.keys.publicKey,
    endpoints: broker.endpoints,
    clock,
    ...options,
    ...(options.dialect === 2 && { box2: { pollMs: 0, ...options.box2 } }),
  });
  await subscribed(broker);
  return { box, clock };
}

/** Waits until the broker listens, and returns the first measurement after that. */
export async function flowing({ box, clock }: TestBox, broker: Broker, stepMs = 170): Promise<Buffer[]> {
  const first = broker.measurements.receive();
  await box.listened();
  clock.advance(stepMs);
  return await first;
}

/** The reason of which a box dies. */
export async function death(box: Box): Promise<string> {
  const [reason] = (await once(box, 'killed')) as [string];
  return reason;
}
