/**
 * Several gateways of one store: one is elected and active, the others stand by with nothing but their status. What the active one has to do (positions, messages that wait,
 * deliveries, alerts of rules) is copied into NATS, and its successor goes on with it. Docs: docs/cluster.md, "Followers".
 */
import { type Clock, pause, systemClock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { Turn } from '../../common/turn.js';
import type { NatsServers } from '../../config/index.js';
import { Election } from '../../nats/election.js';
import { GATEWAY_BUCKET } from '../../nats/lease-bucket.js';
import { newMember } from '../../nats/lease-table.js';
import { type NatsConnection, NatsLink } from '../../nats/link.js';
import { StateLog } from '../../nats/state-log.js';
import { replicasWhenThere } from '../../nats/stream.js';
import type { HeardBrokers } from '../../stream/brokers.js';
import type { Shared } from '../state/shared.js';
import { Replica } from './replica.js';

const AGAIN_MS = 1000;
/** One that cannot become active leaves it to the others for so long. */
const FAILED_MS = 10_000;

export interface StandbyOptions {
  servers: NatsServers;
  /** names this gateway, for people */
  name: string;
  /** starts what only the active one does */
  activate(shared: Shared): Promise<Running>;
  /** which triggering brokers it hears, as the active one */
  hears?: () => HeardBrokers | undefined;
  clock?: Clock;
  log: Logger;
}

export interface StandbyStatus {
  /** whether there is a connection to NATS */
  connected: boolean;
  /** whether this gateway is the active one, the name of the one that is, and how often this one was */
  elected: boolean;
  service?: string;
  elections: number;
}

interface Active {
  replica: Replica;
  running: Running;
}

export class Standby implements Running {
  readonly #options: StandbyOptions;
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #link: NatsLink;
  readonly #election: Election;
  readonly #turn = new Turn();
  readonly #member: string;
  /** files that are as new as what is in NATS, or newer, unless another gateway has written since */
  readonly #own = new Set<string>();
  #source: { connection: NatsConnection; replicas: number } | undefined;
  /** from when it is opened; `activate` may wait for it too */
  #replica: Replica | undefined;
  #active: Active | undefined;
  #isStopping = false;

  constructor(options: StandbyOptions) {
    const { clock = systemClock, hears, log, name, servers } = options;
    this.#options = options;
    this.#clock = clock;
    this.#member = newMember(name);
    this.#log = new ThrottledLog(log, { clock });
    this.#election = new Election({
      ...{ name, bucket: GATEWAY_BUCKET, announces: true, hears, clock, log },
      does: 'is the active gateway',
      elected: () => void this.#turn.run(() => this.#begin()),
      lost: () => {
        this.#replica?.giveUp();
        void this.#turn.run(() => this.#end());
      },
    });
    this.#link = new NatsLink({
      ...{ servers, name: 'makai gateway', log },
      connected: (connection, lost) => void this.#connected(connection, lost),
      disconnected: () => undefined,
    });
  }

  status(): StandbyStatus {
    const { holder, isElected, moves } = this.#election;
    return {
      connected: this.#link.isConnected,
      elected: isElected,
      ...(holder === undefined ? {} : { service: holder }),
      elections: moves,
    };
  }

  /** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for files of `nats` */
  start(): void {
    this.#election.stand(true);
    this.#link.start();
  }

  /** Hands over: what there is to do is in NATS before another one is elected. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#turn.run(() => this.#end());
    await this.#election.stop();
    await this.#link.stop();
  }

  /** Never rejects. */
  async #begin(): Promise<void> {
    const { activate, log } = this.#options;
    while (this.#mayBegin()) {
      let replica: Replica | undefined;
      try {
        if (this.#source === undefined) throw new Error('there is no connection to NATS');
        const { connection, replicas } = this.#source;
        const opened = await Replica.open({
          ...{ name: this.#member, own: this.#own, clock: this.#clock, logger: log },
          log: await StateLog.open(connection, replicas),
          onReplaced: () => this.#replaced(),
        });
        replica = opened;
        this.#replica = opened;
        // Meanwhile it may not be the elected one any more, or have another connection.
        if (!this.#mayBegin() || this.#source.connection !== connection) {
          await opened.stop();
          continue;
        }
        const running = await activate({
          attach: (file, db) => opened.attach(file, db),
          flushed: () => opened.flushed(),
          mayAct: () => this.#election.isElected && !opened.isOver,
        });
        this.#active = { replica: opened, running };
        return;
      } catch (error) {
        await replica?.stop();
        this.#log.error({ problem: messageOf(error) }, 'this gateway cannot become the active one');
        if (replica !== undefined) this.#pass();
        await pause(this.#clock, AGAIN_MS);
      }
    }
  }

  #mayBegin(): boolean {
    return this.#active === undefined && this.#election.isElected && !this.#isStopping;
  }

  /** Leaves it to another one for a while. */
  #pass(): void {
    this.#election.stand(false);
    this.#clock.after(FAILED_MS, () => this.#election.stand(!this.#isStopping));
  }

  #replaced(): void {
    this.#log.error({}, 'another gateway has taken over what this one had to do');
    this.#pass();
  }

  /** Never rejects. */
  async #end(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    try {
      await active?.running.stop();
    } catch (error) {
      this.#log.error({ err: error }, 'the active gateway did not stop as it should');
    }
    await active?.replica.stop();
  }

  async #connected(connection: NatsConnection, lost: AbortSignal): Promise<void> {
    const replicas = await replicasWhenThere(connection, lost, this.#log);
    if (replicas === undefined || this.#isStopping) return;
    const isOther = this.#source !== undefined && this.#source.connection !== connection;
    this.#source = { connection, replicas };
    this.#election.connected(connection, replicas);
    if (!isOther) return;
    // What is under way goes over the connection before, which is not made again.
    this.#replica?.giveUp();
    void this.#turn.run(async () => {
      await this.#end();
      await this.#begin();
    });
  }
}
