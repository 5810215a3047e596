/** A simulated box in the container, and the events that the store has. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';
import type { Container } from './container.js';

export const BOX = '1001';

interface EventRow {
  event_id: number;
  type: string;
  boxes_received: string[];
}

/** A box of an instance: its id, the options of `makai box` that lead to the instance, and settings that name its store. */
export interface Place {
  box: string;
  options: string;
  config: string;
}

/** Sags soon after the start and then every few seconds, so that none is lost to a connection that is not there yet. */
const SAGS = {
  name: 'sags',
  description: 'a sag of half a second every eight seconds',
  duration_s: 8,
  seed: 1,
  events: [{ type: 'sag', at_s: 5, duration_s: 0.5, to_pu: 0.7, edge_s: 0.02 }],
};

/** @param config settings of the installation or instance whose store is read */
export async function events(container: Container, config?: string): Promise<EventRow[]> {
  const store = config === undefined ? [] : ['--store', `config:${config}`];
  const text = await container.run('makai', 'events', 'list', '--json', ...store);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/**
 * Plays a source as box 1001 until a new sag is stored with the box's waveform, then switches the box off.
 * @param source a file of the container, or the name of a scenario that ships
 * @param meanwhile is done while the box runs, before the sag is looked for
 * @param place another box than 1001 of the installation itself
 */
export async function boxWithSag(
  container: Container,
  source?: string,
  meanwhile?: () => Promise<void>,
  place: Partial<Place> = {},
): Promise<void> {
  const { box: id = BOX, options = '', config } = place;
  const file = '/root/sags.json';
  writeFileSync(join(container.root, file), JSON.stringify(SAGS));
  let hasEnded = false;
  const box = container
    .attempt(
      'sh',
      '-c',
      `rm -f /run/box.log; echo $$ >/run/box.pid; exec makai box --source ${source ?? file} --for 240 ${options} >/run/box.log`,
    )
    .finally(() => {
      hasEnded = true;
    });
  try {
    await until('the box is there', async () => {
      assert.ok(!hasEnded, 'the box ended');
      return (await container.attempt('grep', 'until Ctrl-C', '/run/box.log')).code === 0;
    });
    await meanwhile?.();
    const known = new Set((await events(container, config)).map(({ event_id }) => event_id));
    const isNew = ({ event_id, type, boxes_received }: EventRow): boolean =>
      !known.has(event_id) && type === 'VOLTAGE_SAG' && boxes_received.includes(id);
    const isStored = async (): Promise<boolean> => {
      assert.ok(!hasEnded, 'the box ended');
      return (await events(container, config)).some(isNew);
    };
    await until('a sag is stored with its waveform', isStored, 200_000);
  } finally {
    await container.attempt('sh', '-c', 'kill -TERM $(cat /run/box.pid)');
    const { code, stderr } = await box;
    assert.equal(code, 0, stderr);
  }
}
