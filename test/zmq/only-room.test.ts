/** `zmq/` is the only room that imports zeromq: options, CURVE, IPv4 and IPv6 are decided in one place. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** Folders that are not sources of the package; tests and benchmarks play the peers, with sockets of their own. */
const ELSEWHERE = new Set(['.git', 'bench', 'dist', 'node_modules', 'test', 'zmq']);
const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"]zeromq['"]/;

function sourcesIn(folder: string): string[] {
  return readdirSync(join(PACKAGE_ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ELSEWHERE.has(path.split(sep)[0] ?? '') ? [] : sourcesIn(path);
    return /\.(?:ts|js|mjs)$/.test(entry.name) ? [path] : [];
  });
}

describe('zmq: the only room that imports zeromq', () => {
  it('no other source does', () => {
    const sources = sourcesIn('.');
    assert.ok(sources.length > 200, `${sources.length} files`);
    const importers = sources.filter((path) => IMPORT.test(readFileSync(join(PACKAGE_ROOT, path), 'utf8')));
    assert.deepEqual(importers, []);
  });

  it('no other source connects or binds a socket by itself: the family would not be chosen', () => {
    const users = sourcesIn('.').filter((path) => {
      const text = readFileSync(join(PACKAGE_ROOT, path), 'utf8');
      return /\/zmq\/sockets\.js'/.test(text) && /\.(?:connect|bind)\(/.test(text);
    });
    assert.deepEqual(users, []);
  });

  it('the pattern finds every form of import', () => {
    for (const text of [
      "import { Pull } from 'zeromq';",
      'await import("zeromq")',
      "import 'zeromq'",
      "require('zeromq')",
    ])
      assert.match(text, IMPORT);
    assert.doesNotMatch("import { bound } from '../zmq/sockets.js';", IMPORT);
  });
});
