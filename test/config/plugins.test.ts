import assert from 'node:assert/strict';
import { z } from 'zod';
import { pluginFindings, resolvePlugin, settingsOf } from '../../config/plugins.js';

/** The shipped plugin that a path means; undefined for a file or what is refused. */
function shippedName(path: string): string | undefined {
  const target = resolvePlugin(path);
  return target.kind === 'shipped' ? target.name : undefined;
}

describe('config/plugins', () => {
  it("finds ours by the name in the original's library", () => {
    const names = {
      '/usr/local/lib/opq/plugins/libprint_plugin.so': 'print',
      './libhealth_plugin.so': 'health',
      'libnapali_plugin.so': 'napali',
      '/build/bin/libthreshold_trigger_plugin.so': 'threshold',
      'libthreshold_plugin.so': 'threshold',
      outage: 'outage',
    };
    for (const [path, name] of Object.entries(names)) assert.deepEqual(shippedName(path), name);
  });

  it('resolves files from the given folder', () => {
    assert.deepEqual(resolvePlugin('a/b.js', '/opt'), { kind: 'file', path: '/opt/a/b.js', language: 'js' });
    assert.deepEqual(resolvePlugin('/x.wasm', '/opt'), { kind: 'file', path: '/x.wasm', language: 'wasm' });
  });

  it('knows the language of each that ships', () => {
    assert.deepEqual(resolvePlugin('napali'), { kind: 'shipped', name: 'napali', language: 'wasm' });
    assert.deepEqual(resolvePlugin('threshold'), { kind: 'shipped', name: 'threshold', language: 'js' });
    assert.equal(resolvePlugin('napali.wasm').kind, 'file');
  });

  it('refuses ketos, other libraries and unknown names with what to do', () => {
    const reason = (path: string) => {
      const target = resolvePlugin(path);
      return target.kind === 'refused' ? target.reason : '';
    };
    assert.match(reason('libketos_plugin.so'), /\.js plugin/);
    assert.match(reason('libsome_plugin.so'), /native libraries/);
    assert.match(reason('treshold'), /did you mean "threshold"/);
  });

  it("checks settings by a plugin's own schema, without the path; secrets are not shown", () => {
    const entry = { path: 'libprint_plugin.so', print: 1, prnt: 2, token: 3 };
    const schema = z.strictObject({ print: z.boolean(), token: z.string() });
    assert.deepEqual(
      pluginFindings([entry], { print: schema }, 4).map(({ path, message }) => `${path}: ${message}`),
      [
        'plugins[4].print: expected boolean, found 1',
        'plugins[4].token: expected string, found another value',
        'plugins[4].prnt: unknown setting; did you mean print?',
      ],
    );
    assert.deepEqual(settingsOf(entry), { print: 1, prnt: 2, token: 3 });
    assert.deepEqual(pluginFindings([entry]), []);
  });
});
