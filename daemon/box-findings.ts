/**
 * The findings of boxes that last, in one daemon. Each is logged and written to the collection `health` once when it begins and once when it
 * ends (service BOX); `/status` and `/metrics` show those that last. What decides that one begins or ends is elsewhere.
 */
import {
  BOX_FINDING_CODES,
  BOX_FINDINGS,
  type BoxFinding,
  type BoxFindingCode,
  type FindingChange,
  worseFirst,
} from '../common/box-findings.js';
import { type Clock, systemClock } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Metrics, Sample } from '../common/metrics/metrics.js';
import type { Rejections } from '../common/rejections.js';
import { ThrottledLog } from '../common/throttled-log.js';
import { Turn } from '../common/turn.js';
import type { HealthDocument } from '../store/documents.js';
import type { Outbox } from '../store/outbox/outbox.js';

/** Boxes that are remembered with findings that others report; those of the stream are bounded by the boxes that are known. */
const MAX_BOXES = 20_000;
const LINES_PER_MINUTE = 100;
/** Findings that the store did not take: written again, the oldest are dropped. */
const MAX_UNWRITTEN = 1000;
const SWEEP_MS = 10_000;
/** Boxes that `/status` lists. */
const LISTED_BOXES = 100;
/** Series of boxes in `/metrics`. */
const MAX_SERIES = 1000;

export interface BoxFindingsOptions {
  outbox: Pick<Outbox, 'put'>;
  rejections: Pick<Rejections, 'tally'>;
  log: Logger;
  clock?: Clock;
}

export interface BoxFindingsStatus {
  /** boxes with a finding, and how many have each */
  boxes: number;
  by_finding: Partial<Record<BoxFindingCode, number>>;
  /** worst first, at most 100 */
  worst: { box_id: string; findings: string; since: string; info: string }[];
}

interface Reported extends BoxFinding {
  /** when it ends if it is not reported again, ms of the monotonic clock; undefined: when a change says so */
  untilMs?: number;
}

export class BoxFindings implements Running {
  readonly #outbox: Pick<Outbox, 'put'>;
  readonly #rejections: Pick<Rejections, 'tally'>;
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #boxes = new Map<number, Map<BoxFindingCode, Reported>>();
  #unwritten: HealthDocument[] = [];
  readonly #writing = new Turn();
  #cancelSweep = (): void => undefined;

  constructor({ clock = systemClock, log, outbox, rejections }: BoxFindingsOptions) {
    this.#rejections = rejections;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#log = new ThrottledLog(log, { perMinute: LINES_PER_MINUTE, clock });
    this.#scheduleSweep();
  }

  /** Takes findings that began or ended. */
  apply(changes: readonly FindingChange[]): void {
    for (const { boxId, finding, endedMs } of changes) {
      if (endedMs === undefined) this.#begin(boxId, { ...finding });
      else this.end(boxId, finding.code, endedMs);
    }
  }

  /**
   * A finding of somebody who looks from time to time: it begins, or lasts on, and ends when it is not reported again.
   * @param info the numbers of this box, for people
   * @param lastsMs until when it must be reported again
   */
  report(boxId: number, code: BoxFindingCode, info: string, lastsMs: number): void {
    const untilMs = this.#clock.monotonic() + lastsMs;
    const known = this.#boxes.get(boxId)?.get(code);
    if (known !== undefined) known.untilMs = untilMs;
    else this.#begin(boxId, { code, since_ms: this.#clock.now(), info, untilMs });
  }

  end(boxId: number, code: BoxFindingCode, endedMs: number = this.#clock.now()): void {
    const findings = this.#boxes.get(boxId);
    const finding = findings?.get(code);
    if (findings === undefined || finding === undefined) return;
    findings.delete(code);
    if (findings.size === 0) this.#boxes.delete(boxId);
    const since = new Date(finding.since_ms).toISOString();
    this.#log.warn({ boxId, finding: code, since }, 'a finding of a box ended');
    this.#write(boxId, 'UP', endedMs, `${code} ended; it began at ${since}`);
  }

  has(boxId: number, code: BoxFindingCode): boolean {
    return this.#boxes.get(boxId)?.has(code) === true;
  }

  of(boxId: number): BoxFinding[] {
    return [...(this.#boxes.get(boxId)?.values() ?? [])].map(plain);
  }

  /** Boxes with findings, worst first. */
  list(): { boxId: number; findings: BoxFinding[] }[] {
    return [...this.#boxes.keys()]
      .map((boxId) => ({ boxId, findings: this.of(boxId).sort((a, b) => worseFirst([a], [b])) }))
      .sort((a, b) => worseFirst(a.findings, b.findings) || a.boxId - b.boxId);
  }

  status(): BoxFindingsStatus {
    const worst = this.list().slice(0, LISTED_BOXES);
    return {
      boxes: this.#boxes.size,
      by_finding: Object.fromEntries(Object.entries(this.#counts()).filter(([, count]) => count > 0)),
      worst: worst.map(({ boxId, findings }) => ({
        box_id: String(boxId),
        findings: findings.map(({ code }) => code).join(', '),
        since: new Date(Math.min(...findings.map(({ since_ms }) => since_ms))).toISOString(),
        info: findings.map(({ info }) => info).join('; '),
      })),
    };
  }

  addMetrics(metrics: Metrics): void {
    metrics.gauge('makai_boxes_with_finding', () => this.#counts());
    metrics.gauge('makai_box_finding', () => {
      const samples: Sample[] = this.list().flatMap(({ boxId, findings }) =>
        findings.map(({ code }) => ({ labels: { box: String(boxId), finding: code }, value: 1 })),
      );
      return samples.slice(0, MAX_SERIES);
    });
  }

  /** Fulfilled when what can be written is. Findings that last begin again after the next start. */
  async stop(): Promise<void> {
    this.#cancelSweep();
    await this.#writing.run(() => Promise.resolve());
  }

  #begin(boxId: number, finding: Reported): void {
    const findings = this.#boxes.get(boxId) ?? new Map<BoxFindingCode, Reported>();
    if (findings.has(finding.code)) return;
    if (findings.size === 0 && this.#boxes.size >= MAX_BOXES) {
      this.#rejections.tally('too_many_findings');
      return;
    }
    this.#boxes.set(boxId, findings.set(finding.code, finding));
    const { code, info, since_ms } = finding;
    this.#log.warn({ boxId, finding: code, info }, `finding of a box: ${BOX_FINDINGS[code].meaning}`);
    this.#write(boxId, 'DOWN', since_ms, `${code}: ${info}`);
  }

  #counts(): Record<BoxFindingCode, number> {
    const counts = Object.fromEntries(BOX_FINDING_CODES.map((code) => [code, 0])) as Record<
      BoxFindingCode,
      number
    >;
    for (const findings of this.#boxes.values()) for (const code of findings.keys()) counts[code] += 1;
    return counts;
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
      const nowMs = this.#clock.monotonic();
      for (const [boxId, findings] of this.#boxes) {
        for (const { code, untilMs = nowMs } of [...findings.values()])
          if (untilMs < nowMs) this.end(boxId, code);
      }
      this.#writeAll();
      this.#scheduleSweep();
    });
  }

  #write(boxId: number, status: HealthDocument['status'], atMs: number, info: string): void {
    this.#unwritten.push({
      timestamp: new Date(atMs),
      service: 'BOX',
      serviceID: String(boxId),
      status,
      info,
    });
    this.#dropOldest();
    this.#writeAll();
  }

  #dropOldest(): void {
    while (this.#unwritten.length > MAX_UNWRITTEN) {
      this.#unwritten.shift();
      this.#rejections.tally('finding_not_stored');
    }
  }

  #writeAll(): void {
    void this.#writing.run(async () => {
      while (this.#unwritten.length > 0) {
        const documents = this.#unwritten;
        this.#unwritten = [];
        for (const [index, finding] of documents.entries()) {
          try {
            await this.#outbox.put({ kind: 'health', finding });
          } catch (error) {
            // Written with the next ones, or at the next sweep.
            this.#log.warn({ err: error }, 'a finding could not be written to the store yet');
            this.#unwritten = [...documents.slice(index), ...this.#unwritten];
            this.#dropOldest();
            return;
          }
        }
      }
    });
  }
}

function plain({ code, info, since_ms }: Reported): BoxFinding {
  return { code, since_ms, info };
}
