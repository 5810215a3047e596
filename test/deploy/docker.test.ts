/** The image and the compose file, as far as reading them goes. Built and started: test/image. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { checkValue } from '../../config/check.js';
import { KIND_NAMES, KINDS } from '../../config/kinds.js';

const text = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), 'utf8');
const compose = text('deploy/docker/compose.yaml');
const dockerfile = text('deploy/docker/Dockerfile');

/** Files that a deployment has beside compose.yaml. */
const SECRETS = ['deploy/docker/.env', 'deploy/docker/etc/curve/private_keys/opqserver_secret'];

/** As Docker judges: a pattern holds for a path and for all below it. */
function isLeftOut(path: string): boolean {
  const patterns = text('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  // The two forms in use: a path from the root, and a name anywhere.
  assert.ok(patterns.every((pattern) => /^(\*\*\/)?[^*!?[\]]+$/.test(pattern)));
  const fits = (way: string) => (pattern: string) =>
    pattern.startsWith('**/') ? basename(way) === pattern.slice(3) : way === pattern;
  const ways = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  return ways.some((way) => patterns.some(fits(way)));
}

/** One service of the compose file, as text. */
function service(name: string): string {
  const found = new RegExp(`^ {2}${name}:\\n((?: {4}.*\\n|\\n)+)`, 'm').exec(compose)?.[1];
  assert.ok(found !== undefined, name);
  return found;
}

describe('deploy/docker', () => {
  it('keeps the secrets of a deployment out of the image, the repository and the package', function () {
    for (const secret of SECRETS) assert.ok(isLeftOut(secret), `${secret} would be copied into the image`);
    assert.ok(!isLeftOut('deploy/systemd/makai-triggering-broker.service'));
    assert.ok(!isLeftOut('plugins/health/index.ts'));
    if (!existsSync(join(PACKAGE_ROOT, '.git'))) this.skip();
    const ignored = execFileSync('git', ['check-ignore', '--no-index', ...SECRETS], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
    });
    assert.deepEqual(ignored.trim().split('\n'), SECRETS);
  });

  it('the image holds parts of deploy that exist, and deploy/docker is none', () => {
    const copied = [...dockerfile.matchAll(/^COPY --from=build \/build\/(\S+)/gm)].map(
      ([, path]) => path ?? '',
    );
    assert.ok(copied.includes('deploy/systemd'));
    for (const path of copied) {
      assert.ok(!'deploy/docker'.startsWith(path), path);
      if (path !== 'node_modules' && path !== 'dist') assert.ok(existsSync(join(PACKAGE_ROOT, path)), path);
    }
  });

  it('keys are made by the user who reads them', () => {
    const uid = /^RUN .*useradd --uid (\d+)/m.exec(dockerfile)?.[1];
    assert.ok(uid !== undefined && dockerfile.includes(`\nUSER ${uid}:${uid}\n`));
    assert.ok(compose.includes(`chown ${uid}:${uid} etc`));
    assert.doesNotMatch(compose, /^\s+user:|--user/m);
    assert.match(service('keys'), /volumes: \["\.\/etc:\/etc\/opq"\]/);
  });

  it('the settings of the daemons are sound', () => {
    for (const kind of KIND_NAMES) {
      const { variable } = KINDS[kind];
      const inline = new RegExp(`${variable}: >-\\n((?: {8}.*\\n)+)`).exec(service(kind))?.[1];
      assert.ok(inline !== undefined, variable);
      const { findings } = checkValue(JSON.parse(inline), kind);
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
    }
  });

  it('publishes to the network what boxes need and nothing else; status servers can be scraped from the host', () => {
    const published = KIND_NAMES.flatMap((kind) => {
      const list = /^ {4}ports: (\[.*\])$/m.exec(service(kind))?.[1] ?? '[]';
      return JSON.parse(list) as string[];
    });
    const open = published.filter((one) => !one.startsWith('127.0.0.1:'));
    assert.deepEqual(open.sort(), ['8194:8194', '8196:8196', '9880:9880']);
    for (const port of [9890, 9891, 9892, 9893]) {
      assert.ok(published.includes(`127.0.0.1:${port}:${port}`));
      assert.ok(compose.includes(`"status": "0.0.0.0:${port}"`));
    }
  });
});
