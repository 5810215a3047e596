/** The tree keeps the rules of CONTRIBUTING.md: dependencies point one way, there are no circles, one folder imports zeromq. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const LIBRARIES = [
  'proto',
  'zmq',
  'nats',
  'kafka',
  'stream',
  'keys',
  'store',
  'config',
  'signal',
  'formats',
  'daemon',
  'reports',
  'rules',
];
const DAEMONS = [
  'triggering-broker',
  'acquisition-broker',
  'triggering-service',
  'analysis-service',
  'web-service',
  'gateway',
];
/** A folder may import itself, and folders of a lower layer or of its own; daemons only those of a lower one. */
const LAYERS = [
  ['common'],
  [...LIBRARIES, 'plugins', 'plugin-host'],
  [...DAEMONS, 'box'],
  // it has the API's types of web-service; no daemon knows the page
  ['web'],
  ['cli'],
  ['scripts'],
];
const OUTSIDE = new Set(['test', 'bench', 'node_modules', 'dist', 'deploy', 'docs', 'release']);

/** file → files it imports, both below the package, with `.ts` */
const imports = new Map<string, string[]>();
const packagesOf = new Map<string, Set<string>>();

function readTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const below = relative(PACKAGE_ROOT, path);
    if (entry.isDirectory()) {
      if (!OUTSIDE.has(below) && !entry.name.startsWith('.') && !/assembly|templates/.test(entry.name))
        readTree(path);
    } else if (/\.tsx?$/.test(entry.name) && below.includes('/')) {
      readImports(path, below);
    }
  }
}

function readImports(path: string, file: string): void {
  const found: string[] = [];
  const packages = new Set<string>();
  const text = readFileSync(path, 'utf8');
  for (const [, specifier = ''] of text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)) {
    if (specifier.startsWith('.')) found.push(sourceOf(normalize(join(dirname(file), specifier))));
    else packages.add(specifier);
  }
  imports.set(file, found);
  packagesOf.set(file, packages);
}

/** The page's sources are `.ts` or `.tsx`; both are imported as `.js`. */
function sourceOf(path: string): string {
  const tsx = path.replace(/\.js$/, '.tsx');
  return existsSync(join(PACKAGE_ROOT, tsx)) ? tsx : path.replace(/\.js$/, '.ts');
}

const roomOf = (file: string): string => file.split('/')[0] ?? '';
const layerOf = (room: string): number => LAYERS.findIndex((layer) => layer.includes(room));

describe('the structure of the tree', () => {
  before(() => readTree(PACKAGE_ROOT));

  it('has a place for every folder, and each has a README', () => {
    const rooms = new Set([...imports.keys()].map(roomOf));
    assert.ok(rooms.size > 10, `found ${rooms.size} folders`);
    for (const room of rooms) {
      assert.ok(layerOf(room) >= 0, `${room}/ is in no layer: add it to test/docs/structure.test.ts`);
      if (room !== 'scripts') assert.ok(readdirSync(join(PACKAGE_ROOT, room)).includes('README.md'), room);
    }
  });

  it('imports downward only; daemons share no code with each other', () => {
    const wrong: string[] = [];
    for (const [file, targets] of imports) {
      for (const target of targets) {
        const [from, to] = [roomOf(file), roomOf(target)];
        const isDaemonPair = DAEMONS.includes(from) && DAEMONS.includes(to);
        if (from !== to && (layerOf(to) > layerOf(from) || isDaemonPair)) wrong.push(`${file} → ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has no circle of imports', () => {
    assert.deepEqual(circles(), []);
  });

  it('imports zeromq in zmq/ only', () => {
    const others = [...packagesOf].filter(([file, names]) => names.has('zeromq') && roomOf(file) !== 'zmq');
    assert.deepEqual(
      others.map(([file]) => file),
      [],
    );
  });

  it('imports the packages of NATS in nats/ only', () => {
    const others = [...packagesOf].filter(
      ([file, names]) => [...names].some((name) => name.startsWith('@nats-io/')) && roomOf(file) !== 'nats',
    );
    assert.deepEqual(
      others.map(([file]) => file),
      [],
    );
  });

  it('imports the client of Kafka in kafka/ only', () => {
    const others = [...packagesOf].filter(
      ([file, names]) => names.has('@platformatic/kafka') && roomOf(file) !== 'kafka',
    );
    assert.deepEqual(
      others.map(([file]) => file),
      [],
    );
  });

  it('opens SQLite files through store/sqlite/handle.ts only: an object of the library that is collected ends Node 24', () => {
    // Tests too: they run on Node 24.
    const tests = filesBelow(join(PACKAGE_ROOT, 'test')).filter((path) => path.endsWith('.ts'));
    const files = [...imports.keys(), ...tests.map((path) => relative(PACKAGE_ROOT, path))];
    const others = files.filter((file) => {
      const text = readFileSync(join(PACKAGE_ROOT, file), 'utf8');
      return /^import (?!type\b).*from 'better-sqlite3'/m.test(text) || /\.iterate\(/.test(text);
    });
    assert.deepEqual(others, ['store/sqlite/handle.ts']);
  });

  it('READMEs of rooms name files that are there', () => {
    const files = filesBelow(PACKAGE_ROOT).map((path) => `/${relative(PACKAGE_ROOT, path)}`);
    const missing: string[] = [];
    for (const readme of files.filter(
      (path) => path.endsWith('/README.md') && !path.includes('/templates/'),
    )) {
      const text = readFileSync(join(PACKAGE_ROOT, readme), 'utf8');
      for (const [, path = ''] of text.matchAll(/`([\w./-]+\.(?:tsx?|proto))`/g)) {
        if (!files.some((file) => file.endsWith(`/${path}`))) missing.push(`${readme}: ${path}`);
      }
    }
    assert.deepEqual(missing, []);
  });

  it('CONTRIBUTING and the architecture name every room', () => {
    const rooms = new Set(
      filesBelow(PACKAGE_ROOT)
        .map((path) => relative(PACKAGE_ROOT, path))
        .filter((path) => /\.tsx?$/.test(path) && path.includes('/') && !path.startsWith('build/'))
        .map((path) => path.slice(0, path.indexOf('/') + 1)),
    );
    for (const page of ['CONTRIBUTING.md', 'docs/architecture.md']) {
      const text = readFileSync(join(PACKAGE_ROOT, page), 'utf8');
      assert.deepEqual(
        [...rooms].filter((room) => !text.includes(room)),
        [],
        page,
      );
    }
  });
});

/** All files, but for what is built, installed or hidden. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || ['node_modules', 'dist'].includes(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Tarjan's strongly connected components, those of more than one file. */
function circles(): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1) found.push(component.sort());
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}
