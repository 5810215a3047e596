/** Home Assistant discovery: each box appears there as a device, https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery */
import { type Clock, repeat } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { VERSION } from '../../common/version.js';
import type { BoxDocument, BoxReader } from '../../store/store.js';
import { topicOf } from '../documents/topics.js';
import type { RetainedSender } from '../send/retained.js';

const EVERY_MS = 30_000;
/** Of which values Home Assistant says that they are unknown when none came for so long, s. */
const EXPIRES_SECONDS = 60;

const SENSORS = [
  { field: 'voltage', name: 'Voltage', unit: 'V', device_class: 'voltage', digits: 1, factor: 1 },
  { field: 'frequency', name: 'Frequency', unit: 'Hz', device_class: 'frequency', digits: 3, factor: 1 },
  // It has no class for THD.
  { field: 'thd', name: 'THD', unit: '%', digits: 2, factor: 100 },
] as const;

export interface DiscoveryOptions {
  /** topics begin with it: what Home Assistant has as its discovery prefix */
  prefix: string;
  /** those whose measurements are published; undefined: all */
  boxes: readonly string[] | undefined;
  store: () => Pick<BoxReader, 'boxes'>;
  retained: RetainedSender;
  clock: Clock;
  log: Logger;
}

export class Discovery implements Running {
  readonly #options: DiscoveryOptions;
  readonly #log: ThrottledLog;
  /** topics of each box that has been announced */
  readonly #announced = new Map<string, string[]>();
  #loop: Running | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
  }

  start(): void {
    this.#loop = repeat(() => this.#look(), EVERY_MS, this.#options.clock);
    void this.#look();
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #look(): Promise<void> {
    const { boxes: chosen, prefix, retained, store } = this.#options;
    try {
      const boxes = (await store().boxes()).filter(
        ({ box_id, kind, unplugged }) =>
          kind === undefined && !unplugged && (chosen === undefined || chosen.includes(box_id)),
      );
      const there = new Set(boxes.map(({ box_id }) => box_id));
      for (const box of boxes) {
        const configs = discoveryConfigs(prefix, box);
        for (const [topic, config] of Object.entries(configs)) retained.put(topic, config);
        this.#announced.set(box.box_id, Object.keys(configs));
      }
      // An empty one removes the device.
      for (const [box, topics] of this.#announced) {
        if (there.has(box)) continue;
        for (const topic of topics) retained.put(topic, undefined);
        this.#announced.delete(box);
      }
    } catch (error) {
      if (codeOf(error) !== 'STORE_UNAVAILABLE')
        this.#log.warn({ err: error }, 'boxes could not be announced to Home Assistant');
    }
  }
}

/** By topic. */
export function discoveryConfigs(
  prefix: string,
  { box_id, location, name }: Pick<BoxDocument, 'box_id' | 'location' | 'name'>,
): Record<string, object> {
  const id = `makai_${box_id}`;
  const common = {
    device: {
      identifiers: [id],
      name: name ?? `OPQ Box ${box_id}`,
      manufacturer: 'Open Power Quality',
      model: 'OPQ Box',
      ...(location === undefined || location === '' ? {} : { suggested_area: location }),
    },
    origin: { name: 'makai', sw_version: VERSION },
    availability_topic: topicOf('daemon', { daemon: 'gateway' }),
    availability_template: "{{ 'online' if value_json.running else 'offline' }}",
  };
  const sensors = SENSORS.map(({ digits, factor, field, name: shown, unit, ...rest }) => [
    `${prefix}/sensor/${id}/${field}/config`,
    {
      ...{ ...common, ...rest, name: shown, unique_id: `${id}_${field}`, state_class: 'measurement' },
      unit_of_measurement: unit,
      suggested_display_precision: digits,
      state_topic: topicOf('measurement', { box_id }),
      // A measurement without the value changes nothing.
      value_template: `{{ value_json.${field} * ${factor} if value_json.${field} is defined else '' }}`,
      expire_after: EXPIRES_SECONDS,
    },
  ]);
  return Object.fromEntries([
    ...sensors,
    [
      `${prefix}/binary_sensor/${id}/health/config`,
      {
        ...{ ...common, name: 'Health', unique_id: `${id}_health`, device_class: 'problem' },
        state_topic: topicOf('health', { box_id }),
        value_template: "{{ 'ON' if value_json.findings | length > 0 else 'OFF' }}",
        json_attributes_topic: topicOf('health', { box_id }),
      },
    ],
  ]) as Record<string, object>;
}
