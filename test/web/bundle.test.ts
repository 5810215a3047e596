/** What `npm run build` makes of the page: small, nothing inline, nothing from another host. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstView, gzipBytes, MAX_FIRST_VIEW, PAGE } from './first-view.js';

describe('the built page', () => {
  before(() => {
    assert.ok(existsSync(join(PAGE, 'index.html')), 'dist/web/index.html is missing: npm run build:web');
  });

  const html = (): string => readFileSync(join(PAGE, 'index.html'), 'utf8');

  it('has a first view of at most 120 kB, compressed', () => {
    const files = firstView();
    assert.ok(
      files.some((file) => file.endsWith('.js')) && files.some((file) => file.endsWith('.css')),
      String(files),
    );
    const size = gzipBytes(files);
    assert.ok(size <= MAX_FIRST_VIEW, `${size} bytes in ${files.join(', ')}`);
  });

  it('has all views together in less than 200 kB, compressed', () => {
    const files = readdirSync(join(PAGE, 'assets')).filter((name) => /\.(js|css)$/.test(name));
    const size = gzipBytes(files.map((name) => `assets/${name}`));
    assert.ok(size <= 200_000, `${size} bytes`);
  });

  it('has no inline script or style', () => {
    assert.doesNotMatch(html(), /<script(?![^>]*\bsrc=)[^>]*>/);
    assert.doesNotMatch(html(), /<style|\sstyle=|\son\w+=/);
  });

  it('asks no other host for anything', () => {
    for (const name of readdirSync(join(PAGE, 'assets'))) {
      if (!/\.(js|css)$/.test(name)) continue;
      const text = readFileSync(join(PAGE, 'assets', name), 'utf8');
      const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map((m) => m[1]);
      // names of XML, never loaded
      assert.deepEqual(
        hosts.filter((host) => host !== 'www.w3.org'),
        [],
        name,
      );
      assert.doesNotMatch(text, /@import\s+url|url\(\s*["']?\/\//, name);
    }
  });

  it('has the licences of what it holds beside it', () => {
    const text = readFileSync(join(PAGE, 'assets', 'licences.txt'), 'utf8');
    for (const name of ['preact', 'uplot']) assert.match(text, new RegExp(`^${name}$`, 'm'));
    assert.match(text, /Permission is hereby granted/);
  });

  it('holds no code of the service', () => {
    const text = readdirSync(join(PAGE, 'assets'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(PAGE, 'assets', name), 'utf8'))
      .join('');
    assert.doesNotMatch(text, /ZodError|strictObject/);
  });
});
