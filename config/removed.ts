/** Settings that earlier versions had. A value that means what holds now anyway is left out with a warning; any other is a mistake that says what to do. */
import { type Finding, foundText } from './findings.js';
import type { Kind } from './kind-names.js';

interface Removed {
  /** whether a value means what holds without the setting */
  isPlain(value: unknown): boolean;
  instead: string;
}

const WITH_NATS =
  'remove it, and where one service is not enough write "nats" in the files of the triggering broker and of the services (docs/scaling.md)';

const REMOVED: Partial<Record<Kind, Readonly<Record<string, Removed>>>> = {
  'triggering-service': {
    workers: {
      isPlain: (value) => value === 1,
      instead: `one thread receives the stream; ${WITH_NATS}`,
    },
    share: {
      isPlain: (value) => {
        if (typeof value !== 'object' || value === null) return false;
        const { of = 1, index = 1 } = value as Readonly<Record<string, unknown>>;
        return of === 1 && index === 1;
      },
      instead: `NATS divides the boxes among services; ${WITH_NATS}`,
    },
  },
};

export function isRemoved(kind: Kind, name: string): boolean {
  return Object.hasOwn(REMOVED[kind] ?? {}, name);
}

/** Names in a file that have no effect any more. */
export function withoutEffect(kind: Kind, named: ReadonlySet<string>): Finding[] {
  return [...named]
    .filter((name) => isRemoved(kind, name))
    .map((path) => ({ severity: 'warning', path, message: 'has no effect any more; remove it' }));
}

/** @returns the value without what is gone, and a mistake for each such setting that asks for something */
export function withoutRemoved(kind: Kind, input: unknown): { rest: unknown; mistakes: Finding[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { rest: input, mistakes: [] };
  const rest: Record<string, unknown> = { ...input };
  const mistakes: Finding[] = [];
  for (const [path, { instead, isPlain }] of Object.entries(REMOVED[kind] ?? {})) {
    if (!Object.hasOwn(rest, path)) continue;
    const value = rest[path];
    delete rest[path];
    if (!isPlain(value))
      mistakes.push({
        severity: 'error',
        path,
        message: `this setting is gone, found ${foundText(value)}: ${instead}`,
      });
  }
  return { rest, mistakes };
}
