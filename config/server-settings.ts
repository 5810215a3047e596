/** How the servers of others are reached (NATS, Kafka, MQTT brokers), and topics there. */

/** PEM files. */
interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How NATS is reached. */
export interface NatsServers {
  readonly servers: readonly string[];
  /** file with a JWT and the seed of its key */
  readonly credentials: string | undefined;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly tls: TlsFiles | undefined;
}

/** How Kafka is reached. */
export interface KafkaServers {
  /** `host:port` */
  readonly brokers: readonly string[];
  /** undefined: plain */
  readonly tls: TlsFiles | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
        readonly user: string;
        readonly passwordFile: string;
      }
    | undefined;
  readonly format: 'json' | 'protobuf';
  readonly topicPrefix: string;
}

/** How an MQTT broker is reached. */
export interface MqttServer {
  readonly url: string;
  readonly version: '3.1.1' | '5';
  readonly clientId: string;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  /** PEM files */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface BridgeTopic {
  readonly filter: string;
  readonly direction: 'in' | 'out' | 'both';
  readonly localPrefix: string;
  readonly remotePrefix: string;
}

/** Topics of meters (meter-topics.ts), and where their values are. */
export interface MeterTopic {
  readonly topic: string;
  /** `{name}` becomes the level of the topic */
  readonly name: string;
  readonly voltage: { readonly path: string; readonly unit: 'V' | 'mV' | 'kV' } | undefined;
  readonly frequency: { readonly path: string; readonly unit: 'Hz' | 'mHz' } | undefined;
  readonly thd: { readonly path: string; readonly unit: '%' | 'ratio' } | undefined;
  /** undefined: the time at which it was received */
  readonly time: { readonly path: string; readonly unit: 'ms' | 's' | 'iso' } | undefined;
  /** of records that are made */
  readonly nominalVoltage: number | undefined;
  readonly nominalFrequency: number | undefined;
  readonly location: string | undefined;
  /** 0: it may be silent for ever */
  readonly silentMs: number;
}
