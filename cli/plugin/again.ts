/** `--watch`: runs something again whenever one of its files changes. */
import { resolve } from 'node:path';
import { pause, systemClock } from '../../common/clock.js';
import { reportError } from '../../common/report-error.js';
import { manifestFile, moduleGraph, versionOf } from '../../plugin-host/module-graph.js';
import { resolvePlugin } from '../../plugin-host/resolve-plugin.js';

const LOOK_MS = 300;

/** The files of a plugin, those that it imports, and others. @throws MakaiError PLUGIN_UNUSABLE where there is no such plugin */
export function watchedFiles(plugin: string, ...others: readonly (string | undefined)[]): () => string[] {
  const { file, language } = resolvePlugin(plugin);
  const more = others.flatMap((other) => (other === undefined ? [] : [resolve(other)]));
  return () => [
    ...(language === 'javascript' ? moduleGraph(file).files : [file]),
    manifestFile(file),
    ...more,
  ];
}

/**
 * Never ends by itself: a person ends it with Ctrl-C. What a run throws is printed, and it waits for the next change.
 * @param files looked at again before each run, because imports change too
 */
export async function again(files: () => readonly string[], run: () => Promise<void>): Promise<never> {
  for (;;) {
    const watched = files();
    const before = versionOf(watched);
    try {
      await run();
    } catch (error) {
      reportError(error);
    }
    process.stderr.write(`watching ${watched.length} files; Ctrl-C ends\n`);
    while (versionOf(watched) === before) await pause(systemClock, LOOK_MS);
    await untilStill(watched);
    process.stderr.write(`changed at ${new Date().toISOString()}\n`);
  }
}

/** A build writes several files, and a file in pieces. */
async function untilStill(files: readonly string[]): Promise<void> {
  let last = versionOf(files);
  for (;;) {
    await pause(systemClock, LOOK_MS);
    const now = versionOf(files);
    if (now === last) return;
    last = now;
  }
}
