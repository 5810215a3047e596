/** Histogram of the voltage of each box in steps of 1 V: at each interval the 95th percentile as a series, and an incident where the values spread too far. */
const DAY_MS = 86_400_000;

export default class Histogram {
  name = 'histogram';
  version = '1.0.0';
  /** box id → volts → count */
  #boxes = new Map();
  #nextMs = Number.NaN;

  async onLoad(settings, context) {
    const { max_spread_v: maxSpread = 20, interval_s: interval = 60 } = settings;
    if (!(maxSpread > 0)) throw new Error('max_spread_v: must be above 0');
    if (!(interval > 0)) throw new Error('interval_s: must be above 0');
    this.maxSpread = maxSpread;
    this.intervalMs = 1000 * interval;
    this.state = context.state;
    for (const [id, counts] of context.state.get() ?? []) this.#boxes.set(id, new Map(counts));
    if (this.#boxes.size > 0) {
      context.log.info(`goes on with ${JSON.stringify(context.state.get())}`);
      return;
    }
    for (const { boxId } of context.boxes.all()) {
      const now = context.now();
      const { measurements } = await context.history(boxId, now - DAY_MS, now);
      for (const { rms } of measurements) this.#count(boxId, rms.average);
    }
  }

  processBatch({ boxId, count, rms }) {
    for (let i = 0; i < count; i += 1) this.#count(boxId[i], rms.average[i]);
  }

  onTick(nowMs) {
    if (Number.isNaN(this.#nextMs)) this.#nextMs = nowMs + this.intervalMs;
    if (nowMs < this.#nextMs) return undefined;
    this.#nextMs = nowMs + this.intervalMs;
    this.state.set([...this.#boxes].map(([id, counts]) => [id, [...counts]]));
    return [...this.#boxes].flatMap(([boxId, counts]) => this.#judge(boxId, counts, nowMs));
  }

  #judge(boxId, counts, nowMs) {
    const [low, high] = [percentile(counts, 0.05), percentile(counts, 0.95)];
    const value = { kind: 'value', series: 'v_p95', boxId, timestampMs: nowMs, value: high };
    if (high - low <= this.maxSpread) return [value];
    const found = { kind: 'incident', boxId, startMs: nowMs - this.intervalMs, endMs: nowMs, class: 'wide' };
    return [value, { ...found, quantity: 'VOLTAGE', deviation: high - low, description: `${low} to ${high} V` }];
  }

  #count(boxId, volts) {
    if (Number.isNaN(volts)) return;
    const counts = this.#boxes.get(boxId) ?? new Map();
    this.#boxes.set(boxId, counts);
    counts.set(Math.round(volts), (counts.get(Math.round(volts)) ?? 0) + 1);
  }
}

/** The smallest value that has this share of the counts at or below it. */
function percentile(counts, share) {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  let left = share * sorted.reduce((sum, [, count]) => sum + count, 0);
  for (const [volts, count] of sorted) {
    left -= count;
    if (left <= 0) return volts;
  }
  return 0;
}
