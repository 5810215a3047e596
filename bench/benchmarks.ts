/** The benchmarks by name, loaded on demand. */
import type { Benchmark } from './compare.js';

export const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  acquisition: async () => (await import('./acquisition.js')).acquisition,
  broker: async () => (await import('./broker.js')).broker,
  'triggering-service': async () => (await import('./triggering-service.js')).triggeringService,
  'box-health': async () => (await import('./box-health.js')).boxHealth,
  cluster: async () => (await import('./cluster.js')).cluster,
  storage: async () => (await import('./storage.js')).storage,
  trip: async () => (await import('./trip.js')).trip,
  processes: async () => (await import('./processes.js')).processes,
  decode: async () => (await import('./decode.js')).decode,
  formats: async () => (await import('./formats.js')).formats,
  'formats-export': async () => (await import('./formats-export.js')).formatsExport,
  plugins: async () => (await import('./plugins.js')).plugins,
  analysis: async () => (await import('./analysis.js')).analysis,
  'analysis-backlog': async () => (await import('./analysis-backlog.js')).analysisBacklog,
  signal: async () => (await import('./signal.js')).signal,
  parquet: async () => (await import('./formats-parquet.js')).parquet,
  web: async () => (await import('./web.js')).web,
  gateway: async () => (await import('./gateway.js')).gateway,
  rules: async () => (await import('./rules.js')).rules,
};
