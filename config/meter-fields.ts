/** The setting `meters`: topics of other programs that become measurements. */
import { z } from 'zod';
import { expecting, field, ours } from './field.js';
import { isMeterTopic, isNameTemplate, stepsOf } from './meter-topics.js';
import { between, connectEndpoint, oneOf, path, text, whole } from './types.js';

const DAY_SECONDS = 86_400;

const jsonPath = () =>
  expecting(
    z
      .string()
      .max(500)
      .refine((value) => stepsOf(value) !== undefined),
    'a path such as "ENERGY.Voltage" or "values.0.v", or "" for a payload that is a number; up to 10 steps',
  );

const quantity = <const U extends readonly [string, ...string[]]>(units: U) =>
  expecting(
    z.strictObject({ path: jsonPath(), unit: oneOf(units).default(units[0] as never) }).optional(),
    `an object with "path" and "unit" (${units.map((unit) => JSON.stringify(unit)).join(', ')})`,
  );

const meterTopic = () =>
  z.strictObject({
    topic: expecting(
      z.string().max(1000).refine(isMeterTopic),
      'a topic or filter of topics in which {name} stands for the name of the meter, such as "tele/{name}/SENSOR"',
    ),
    name: expecting(
      z.string().refine(isNameTemplate).default('{name}'),
      'a name of at most 100 characters, such as "cellar" or "shelly {name}"',
    ),
    voltage: quantity(['V', 'mV', 'kV']),
    frequency: quantity(['Hz', 'mHz']),
    thd: quantity(['%', 'ratio']),
    time: expecting(
      z.strictObject({ path: jsonPath(), unit: oneOf(['ms', 's', 'iso']).default('ms') }).optional(),
      'an object with "path" and "unit" ("ms", "s", "iso")',
    ),
    nominal_voltage: between(1, 1_000_000, 'volts').optional(),
    nominal_frequency: between(40, 70, 'hertz').optional(),
    location: text(64).optional(),
    silent_after_seconds: whole(0, 30 * DAY_SECONDS, 'seconds').default(300),
  });

export const meterFields = () =>
  field(
    z
      .strictObject({
        topics: ours(
          expecting(z.array(meterTopic()).min(1).max(100).default([]), 'a list of 1 to 100 topics'),
          'Topics',
          'Objects with `topic`, in which `{name}` stands for the name of the meter, and a path into the JSON for `voltage`, `frequency`, `thd`; where wanted `name`, `time`, `nominal_voltage`, `nominal_frequency`, `location`, `silent_after_seconds` (docs/mqtt.md).',
        ),
        max_meters: ours(
          whole(1, 10_000).default(1000),
          'Max number of meters',
          'Messages of further ones are dropped and counted.',
        ),
        interface: ours(
          connectEndpoint().default('tcp://127.0.0.1:9880'),
          'Endpoint for boxes',
          '`interface` of the triggering broker.',
        ),
        server_key: ours(
          path().default('/etc/opq/curve/public_keys/opqserver.key'),
          'Public key of the server',
          'File with the public key of `server_cert` of the triggering broker.',
        ),
        cert: ours(
          path().default('/etc/opq/curve/private_keys/gateway_secret'),
          'Key pair of the gateway',
          'File that `makai keys new-gateway` makes. It is refused if others can read it.',
        ),
      })
      .optional(),
    {
      title: 'Meters',
      description:
        'Topics of other programs that become measurements: each meter gets a record in `opq_boxes` with `kind: meter`, and enters the stream as a box would.',
      from: 'ours',
      defaultText: 'none',
    },
  );
