/** The daemons: their schemas, where their files are, and which of them a file is for. */
import type { z } from 'zod';
import { acquisitionBrokerSchema } from './acquisition-broker.js';
import { analysisServiceSchema } from './analysis-service.js';
import { gatewaySchema } from './gateway.js';
import { KIND_NAMES, type Kind } from './kind-names.js';
import { isRemoved } from './removed.js';
import { triggeringBrokerSchema } from './triggering-broker.js';
import { triggeringServiceSchema } from './triggering-service.js';
import { webServiceSchema } from './web-service.js';

/** Frozen all the way down. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** `identity` is filled in when the file has none, so it is always there. */
type WithIdentity<T> = DeepReadonly<Omit<T, 'identity'> & { identity: string }>;

export type TriggeringBrokerConfig = DeepReadonly<z.output<ReturnType<typeof triggeringBrokerSchema>>>;
export type AcquisitionBrokerConfig = WithIdentity<z.output<ReturnType<typeof acquisitionBrokerSchema>>>;
export type TriggeringServiceConfig = WithIdentity<z.output<ReturnType<typeof triggeringServiceSchema>>>;

export type AnalysisServiceConfig = DeepReadonly<z.output<ReturnType<typeof analysisServiceSchema>>>;
export type WebServiceConfig = DeepReadonly<z.output<ReturnType<typeof webServiceSchema>>>;
export type GatewayConfig = DeepReadonly<z.output<ReturnType<typeof gatewaySchema>>>;

export interface ConfigOf {
  'triggering-broker': TriggeringBrokerConfig;
  'acquisition-broker': AcquisitionBrokerConfig;
  'triggering-service': TriggeringServiceConfig;
  'analysis-service': AnalysisServiceConfig;
  'web-service': WebServiceConfig;
  gateway: GatewayConfig;
}

export { KIND_NAMES, type Kind };
export type AnyConfig = ConfigOf[Kind];

/** A file that has no mistakes: its fields, defaults filled in, frozen. */
export interface ConfigFile<K extends Kind = Kind> {
  readonly kind: K;
  readonly fields: ConfigOf[K];
  /** fields of the top level that the file itself has; the others are defaults */
  readonly named: ReadonlySet<string>;
}

export interface KindInfo {
  readonly schema: z.ZodObject;
  /** The environment variable that may hold the JSON. */
  variable: string;
  /** Where the file is looked for, the first that exists: ours, then those of v3 and v2. */
  paths: readonly [string, ...string[]];
}

/** The schema is made when it is first used: all six take megabytes, and a daemon needs its own. */
function infoOf(schema: () => z.ZodObject, variable: string, paths: KindInfo['paths']): KindInfo {
  let made: z.ZodObject | undefined;
  return {
    get schema() {
      made ??= schema();
      return made;
    },
    variable,
    paths,
  };
}

export const KINDS: { readonly [K in Kind]: KindInfo } = {
  'triggering-broker': infoOf(triggeringBrokerSchema, 'TRIGGERING_BROKER_SETTINGS', [
    '/etc/opq/triggering_broker.json',
    '/etc/opq/triggering_broker.config.json',
    '/etc/opq/triggering_broker_config.json',
  ]),
  'acquisition-broker': infoOf(acquisitionBrokerSchema, 'ACQUISITION_BROKER_SETTINGS', [
    '/etc/opq/acquisition_broker_config.json',
    '/etc/opq/acquisition_broker.config.json',
  ]),
  'triggering-service': infoOf(triggeringServiceSchema, 'MAKAI_SETTINGS', [
    '/etc/opq/makai.conf',
    '/etc/opq/makai.config.json',
    '/etc/opq/makai.json',
  ]),
  'analysis-service': infoOf(analysisServiceSchema, 'ANALYSIS_SERVICE_SETTINGS', [
    '/etc/opq/analysis_service.json',
  ]),
  'web-service': infoOf(webServiceSchema, 'WEB_SERVICE_SETTINGS', ['/etc/opq/web_service.json']),
  gateway: infoOf(gatewaySchema, 'GATEWAY_SETTINGS', ['/etc/opq/gateway.json']),
};

export function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

/** Which daemon a file is for, by the fields that only one of them has; undefined when that is ambiguous. */
export function detectKind(input: unknown): Kind | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  for (const kind of OURS) if (ownFields(kind, KIND_NAMES).some((key) => key in input)) return kind;
  const scores = EXISTING.map((kind) => ({
    kind,
    score: ownFields(kind, EXISTING).filter((key) => key in input).length,
  }));
  scores.sort((a, b) => b.score - a.score);
  const [best, next] = scores;
  return best && next && best.score > next.score ? best.kind : undefined;
}

/** Daemons that v2 and v3 do not have: they share fields with those, and with each other. */
const OURS: readonly Kind[] = ['gateway', 'web-service', 'analysis-service'];
const EXISTING = KIND_NAMES.filter((kind) => !OURS.includes(kind));

/** Fields that no other of these daemons' files has, or had. */
function ownFields(kind: Kind, kinds: readonly Kind[]): string[] {
  const others = kinds.filter((other) => other !== kind);
  return Object.keys(KINDS[kind].schema.shape).filter((key) =>
    others.every((other) => !Object.hasOwn(KINDS[other].schema.shape, key) && !isRemoved(other, key)),
  );
}
