/** Values of a daemon's `/metrics` (the text format of Prometheus and OpenMetrics). */

interface Sample {
  labels: ReadonlyMap<string, string>;
  value: number;
}

export class MetricValues {
  readonly #samples: ReadonlyMap<string, readonly Sample[]>;

  private constructor(samples: ReadonlyMap<string, readonly Sample[]>) {
    this.#samples = samples;
  }

  /** Lines that are no samples are left out. */
  static parse(text: string): MetricValues {
    const samples = new Map<string, Sample[]>();
    for (const line of text.split('\n')) {
      const match = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)/i.exec(line);
      const value = Number(match?.[3]);
      if (match?.[1] === undefined || !Number.isFinite(value)) continue;
      const pairs = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      const labels = new Map(pairs.map(([, name = '', of = '']) => [name, of.replace(/\\(.)/g, '$1')]));
      const list = samples.get(match[1]) ?? [];
      list.push({ labels, value });
      samples.set(match[1], list);
    }
    return new MetricValues(samples);
  }

  /** The sum over all labels; undefined for a metric that the daemon does not have. */
  total(name: string): number | undefined {
    const samples = this.#samples.get(name);
    return samples?.reduce((sum, { value }) => sum + value, 0);
  }

  /** Those of a label that are more than 0, the largest first. */
  by(name: string, label: string): [string, number][] {
    return (this.#samples.get(name) ?? [])
      .flatMap(({ labels, value }): [string, number][] => {
        const of = labels.get(label);
        return of === undefined || !(value > 0) ? [] : [[of, value]];
      })
      .sort(([, a], [, b]) => b - a);
  }
}
