/** The other daemons, as their status servers say: asked every few seconds, so that every viewer sees the same and none of them costs a question of its own. */
import { BOX_FINDINGS, type BoxFinding } from '../../common/box-findings.js';
import { type Clock, repeat } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import { KIND_NAMES, type Kind } from '../../config/kind-names.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { type CollectedBoxHealth, type CollectedReading, collectBoxHealth } from '../../daemon/box-health.js';
import { readStatus } from '../../daemon/status/client.js';
import type { DaemonStatusJson } from '../api/system.js';

/** Every daemon but this one. */
const OTHERS = KIND_NAMES.filter((kind) => kind !== 'web-service');
const EVERY_MS = 3000;

export interface FindingJson extends BoxFinding {
  meaning: string;
  todo: string;
}

export interface DaemonsOptions {
  /** addresses that the configuration names */
  named: Partial<Readonly<Record<Kind, string>>>;
  clock: Clock;
  /** a daemon began or stopped to reply, or another one replies */
  onStatus: (daemons: DaemonStatusJson[]) => void;
  /** boxes whose findings changed, with all that each has now */
  onFindings: (changed: { box_id: string; findings: FindingJson[] }[]) => void;
}

export class Daemons implements Running {
  readonly #options: DaemonsOptions;
  #statuses: DaemonStatusJson[] = OTHERS.map((daemon) => ({
    daemon,
    running: false,
    endpoint: '',
    reason: 'not asked yet',
  }));
  #findings = new Map<string, FindingJson[]>();
  #loop: Running | undefined;

  constructor(options: DaemonsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#loop = repeat(() => this.#look(), EVERY_MS, this.#options.clock);
  }

  /** As they were a moment ago. */
  get statuses(): readonly DaemonStatusJson[] {
    return this.#statuses;
  }

  /** Worst first. */
  findingsOf(boxId: string): FindingJson[] {
    return this.#findings.get(boxId) ?? [];
  }

  /** Asks now. */
  boxHealth(boxId?: string): Promise<CollectedReading> {
    return collectBoxHealth((daemon) => this.endpointOf(daemon), boxId);
  }

  /** @throws MakaiError CONFIG_UNREADABLE where the file of that daemon cannot be read */
  endpointOf(daemon: Kind): string {
    return this.#options.named[daemon] ?? statusEndpointOf(daemon);
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #look(): Promise<void> {
    const [statuses, health] = await Promise.all([
      Promise.all(OTHERS.map((daemon) => this.#statusOf(daemon))),
      this.boxHealth(),
    ]);
    const before = JSON.stringify(this.#statuses.map(stateOf));
    this.#statuses = statuses;
    if (JSON.stringify(statuses.map(stateOf)) !== before) this.#options.onStatus(statuses);
    this.#note(health);
  }

  async #statusOf(daemon: Kind): Promise<DaemonStatusJson> {
    let endpoint = '';
    try {
      endpoint = this.endpointOf(daemon);
      const address = parseStatusEndpoint(endpoint);
      if (address === undefined) throw new Error('its configuration has no status server');
      const { daemon: name, details, pid, uptime_seconds, version } = await readStatus(address);
      if (name !== daemon) throw new Error(`the ${name} replies at this address`);
      return { daemon, running: true, endpoint, version, pid, uptime_seconds, details: { ...details } };
    } catch (error) {
      return { daemon, running: false, endpoint, reason: messageOf(error) };
    }
  }

  /** A daemon that does not reply says nothing of its findings: they are kept as they were. */
  #note({ missing, records }: CollectedReading): void {
    if (missing.length > 0) return;
    const now = new Map(
      records.filter(({ findings }) => findings.length > 0).map((one) => [one.box_id, findingsOf(one)]),
    );
    const ids = [...new Set([...now.keys(), ...this.#findings.keys()])];
    const changed = ids
      .filter((id) => codesOf(now.get(id)) !== codesOf(this.#findings.get(id)))
      .map((box_id) => ({ box_id, findings: now.get(box_id) ?? [] }));
    this.#findings = now;
    if (changed.length > 0) this.#options.onFindings(changed);
  }
}

const stateOf = ({ daemon, pid, running, version }: DaemonStatusJson) => [daemon, running, pid, version];
const codesOf = (findings: readonly FindingJson[] = []): string =>
  findings.map(({ code, since_ms }) => `${code} ${since_ms}`).join();

export function findingsOf({ findings }: CollectedBoxHealth): FindingJson[] {
  return findings.map((finding) => ({ ...finding, meaning: BOX_FINDINGS[finding.code].meaning }));
}
