/** Who has which partition, as the bucket of leases says at one moment, and what follows for one member. */

import { randomBytes } from 'node:crypto';

const MEMBER = 'member.';
const PARTITION = 'partition.';
/** The lease of the one service that is elected, whatever it does; its value is what `newMember` gives. */
export const ELECTED_KEY = 'elected';

export const memberKey = (member: string): string => `${MEMBER}${member}`;
export const partitionKey = (partition: number): string => `${PARTITION}${partition}`;

/** A member of this name that no other process has: the next run of the same service is another one, and waits until the leases of the last one have ended. */
export function newMember(name: string): string {
  return `${Buffer.from(name).toString('base64url')}-${randomBytes(6).toString('hex')}`;
}

/** The name that `newMember` was given. */
export function nameOfMember(member: string): string {
  return Buffer.from(member.slice(0, member.lastIndexOf('-')), 'base64url').toString('utf8');
}

export class LeaseTable {
  /** with what each says of itself */
  readonly #members = new Map<string, string>();
  readonly #owners = new Map<number, { member: string; revision: number }>();
  #elected: string | undefined;
  /** when an entry was written last, and the lease that was renewed longest ago: Unix ms, by the clock of the servers */
  #newestMs = Number.NEGATIVE_INFINITY;
  #oldestMs = Number.POSITIVE_INFINITY;

  /**
   * @param key what `memberKey` and `partitionKey` give, or `ELECTED_KEY`; others are not looked at
   * @param revision of the entry
   * @param timeMs when it was written, Unix ms
   */
  add(key: string, value: string, revision = 0, timeMs = 0): void {
    this.#newestMs = Math.max(this.#newestMs, timeMs);
    if (key.startsWith(MEMBER)) this.#members.set(key.slice(MEMBER.length), value);
    else if (key === ELECTED_KEY) this.#elected = value;
    else if (key.startsWith(PARTITION)) {
      this.#owners.set(Number(key.slice(PARTITION.length)), { member: value, revision });
      this.#oldestMs = Math.min(this.#oldestMs, timeMs);
    }
  }

  /** Whether something is about to change: a partition has no owner, or an owner that has not renewed its lease for so long. @param count of partitions */
  isUnsettled(count: number, silentMs: number): boolean {
    return this.#owners.size < count || this.#newestMs - this.#oldestMs > silentMs;
  }

  /** Members that are there. */
  get members(): readonly string[] {
    return [...this.#members.keys()].sort();
  }

  /** What a member says of itself (heard-brokers.ts). */
  saidBy(member: string): string {
    return this.#members.get(member) ?? '';
  }

  /** The elected member; undefined: there is none. */
  get elected(): string | undefined {
    return this.#elected;
  }

  ownerOf(partition: number): string | undefined {
    return this.#owners.get(partition)?.member;
  }

  /** Partitions that a member has, each with the revision of its lease. */
  leasesOf(member: string): Map<number, number> {
    const found = [...this.#owners].filter(([, owner]) => owner.member === member);
    return new Map(found.map(([partition, { revision }]) => [partition, revision]));
  }

  /** How many partitions a member is to have: as many as every other one, or one more. @param count of partitions */
  share(member: string, count: number): number {
    const { members } = this;
    const index = members.indexOf(member);
    if (index < 0) return 0;
    return Math.floor(count / members.length) + (index < count % members.length ? 1 : 0);
  }

  /** Partitions that nobody has. Each member begins at another one, so that two seldom try the same. */
  free(member: string, count: number): number[] {
    const { members } = this;
    const from = Math.floor((Math.max(0, members.indexOf(member)) * count) / Math.max(1, members.length));
    return Array.from({ length: count }, (_, i) => (from + i) % count).filter(
      (partition) => !this.#owners.has(partition),
    );
  }
}
