/** The three daemons: their schemas, where their files are, and which of them a file is for. */
import type { z } from 'zod';
import { acquisitionBrokerSchema } from './acquisition-broker.js';
import { triggeringBrokerSchema } from './triggering-broker.js';
import { triggeringServiceSchema } from './triggering-service.js';

/** Frozen all the way down. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** `identity` is filled in when the file has none, so it is always there. */
type WithIdentity<T> = DeepReadonly<Omit<T, 'identity'> & { identity: string }>;

export type TriggeringBrokerConfig = DeepReadonly<z.output<typeof triggeringBrokerSchema>>;
export type AcquisitionBrokerConfig = WithIdentity<z.output<typeof acquisitionBrokerSchema>>;
export type TriggeringServiceConfig = WithIdentity<z.output<typeof triggeringServiceSchema>>;

export interface ConfigOf {
  'triggering-broker': TriggeringBrokerConfig;
  'acquisition-broker': AcquisitionBrokerConfig;
  'triggering-service': TriggeringServiceConfig;
}

export type Kind = keyof ConfigOf;
export type AnyConfig = ConfigOf[Kind];

/** A file that has no mistakes: its fields, defaults filled in, frozen. */
export interface ConfigFile<K extends Kind = Kind> {
  readonly kind: K;
  readonly fields: ConfigOf[K];
  /** fields of the top level that the file itself has; the others are defaults */
  readonly named: ReadonlySet<string>;
}

export interface KindInfo {
  schema: z.ZodObject;
  /** The environment variable that may hold the JSON. */
  variable: string;
  /** Where the file is looked for, the first that exists. */
  paths: readonly [string, ...string[]];
}

export const KINDS: { readonly [K in Kind]: KindInfo } = {
  'triggering-broker': {
    schema: triggeringBrokerSchema,
    variable: 'TRIGGERING_BROKER_SETTINGS',
    paths: ['/etc/opq/triggering_broker.json', '/etc/opq/triggering_broker.config.json'],
  },
  'acquisition-broker': {
    schema: acquisitionBrokerSchema,
    variable: 'ACQUISITION_BROKER_SETTINGS',
    paths: ['/etc/opq/acquisition_broker_config.json', '/etc/opq/acquisition_broker.config.json'],
  },
  'triggering-service': {
    schema: triggeringServiceSchema,
    variable: 'MAKAI_SETTINGS',
    paths: ['/etc/opq/makai.conf', '/etc/opq/makai.config.json'],
  },
};

export const KIND_NAMES: readonly Kind[] = ['triggering-broker', 'acquisition-broker', 'triggering-service'];

export function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

/** Which daemon a file is for, by the fields that only one of them has; undefined when that is ambiguous. */
export function detectKind(input: unknown): Kind | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const scores = KIND_NAMES.map((kind) => ({
    kind,
    score: ownFields(kind).filter((key) => key in input).length,
  }));
  scores.sort((a, b) => b.score - a.score);
  const [best, next] = scores;
  return best && next && best.score > next.score ? best.kind : undefined;
}

/** Fields that no other daemon's file has. */
function ownFields(kind: Kind): string[] {
  const others = KIND_NAMES.filter((other) => other !== kind);
  return Object.keys(KINDS[kind].schema.shape).filter((key) =>
    others.every((other) => !Object.hasOwn(KINDS[other].schema.shape, key)),
  );
}
