/** `makai --help` and every short command load only what they need: what is heavy is imported when a command runs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const DIST = join(PACKAGE_ROOT, 'dist');
/** Files that the program loads before a command runs, and packages. */
const MAX_FILES = 75;
const PACKAGES = ['cli-progress', 'commander'];

/** Static imports of a compiled file, and of what it imports. Types are gone from compiled files. */
function loadedFrom(file: string, files = new Map<string, string[]>()): Map<string, string[]> {
  if (files.has(file)) return files;
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\b[^;]*? from '([^']+)';|^import '([^']+)';/gm)].map(
    ([, name, alone]) => name ?? alone ?? '',
  );
  files.set(file, imports);
  for (const name of imports) if (name.startsWith('.')) loadedFrom(join(dirname(file), name), files);
  return files;
}

describe('cli: what the program loads at its start', () => {
  const files = loadedFrom(join(DIST, 'cli/main.js'));
  const names = [...files.keys()].map((file) => relative(DIST, file));

  it('is commander, the declarations of the commands, and little else', () => {
    assert.ok(names.length > 30, `only ${names.length} files found: is the pattern of imports right?`);
    assert.ok(names.length <= MAX_FILES, `${names.length} files:\n${names.join('\n')}`);
    const packages = [...files.values()].flat().filter((name) => !/^(\.|node:)/.test(name));
    assert.deepEqual([...new Set(packages)].sort(), PACKAGES);
  });

  it('of a daemon is no client of NATS or Kafka: these come with their settings', () => {
    for (const daemon of ['triggering-broker', 'triggering-service', 'gateway']) {
      const packages = [...loadedFrom(join(DIST, daemon, 'index.js')).values()].flat();
      assert.ok(packages.includes('node:path'), daemon);
      const clients = packages.filter((name) => /^@(nats-io|platformatic)\//.test(name));
      assert.deepEqual(clients, [], daemon);
    }
  });

  it('is no daemon, no store, no signal analysis, no format', () => {
    const heavy = names.filter((name) =>
      /^(proto|zmq|signal|reports|stream|box|plugins|plugin-host|[a-z]+-(broker|service)|store\/(mongo|sqlite))\//.test(
        name,
      ),
    );
    assert.deepEqual(heavy, []);
    assert.deepEqual(
      names.filter((name) => name.startsWith('formats/')),
      ['formats/export/chunks.js'],
    );
  });
});
