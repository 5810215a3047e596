import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import {
  type AllowList,
  type AllowListOptions,
  keyText,
  type SourceContent,
  startAllowList,
} from '../../keys/allow-list.js';
import { formatPublicCertificate, formatSecretCertificate } from '../../keys/certificate.js';
import { DirectorySource } from '../../keys/directory-source.js';
import { writePublicCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { revokeBox } from '../../keys/manage.js';
import { StoreSource } from '../../keys/store-source.js';
import { z85Decode } from '../../keys/z85.js';
import { nextChange, readableLog, temporaryKeys, until } from './helpers.js';

describe('keys: ids that come with the key of another', () => {
  it('meters of the store are ids of a list, and no keys', async () => {
    let meters = ['1000000000'];
    const boxKeys = async () => ({ boxes: meters.map((boxId) => ({ boxId, isMeter: true })) });
    const source = new StoreSource('store', boxKeys, silentLogger(), 10, { keys: false, meters: true });
    const list = await startAllowList({ sources: [source], log: silentLogger() });
    try {
      assert.deepEqual([...list.boxIds()], ['1000000000']);
      assert.equal(list.status().known, 0);
      const changed = new Promise<void>((resolve) => list.onChange(() => resolve()));
      meters = ['1000000000', '1000000001'];
      await changed;
      assert.deepEqual([...list.boxIds()], meters);
    } finally {
      await list.stop();
    }
  });

  it('without the wish for them they are none', async () => {
    const boxKeys = async () => ({ boxes: [{ boxId: '1000000000', isMeter: true }] });
    const source = new StoreSource('store', boxKeys, silentLogger());
    const list = await startAllowList({ sources: [source], log: silentLogger() });
    assert.deepEqual([...list.boxIds()], []);
    await list.stop();
  });
});

describe('keys/allow-list', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  const lists: AllowList[] = [];
  const log = silentLogger();
  const start = async (options: Partial<AllowListOptions>): Promise<AllowList> => {
    const list = await startAllowList({ sources: [], log, ...options });
    lists.push(list);
    return list;
  };
  const directory = (): DirectorySource => new DirectorySource(keys.layout.publicDirectory, log);
  const of = (z85: string): Buffer => z85Decode(z85);

  beforeEach(async () => {
    keys = await temporaryKeys();
    await mkdir(keys.layout.publicDirectory);
  });
  afterEach(async () => {
    for (const list of lists.splice(0)) await list.stop();
    await keys.remove();
  });

  it('counts every regular file with an id and a public key, whatever its name, and nothing else', async () => {
    const [plain, odd, hidden, linked, server] = [
      newKeyPair(),
      newKeyPair(),
      newKeyPair(),
      newKeyPair(),
      newKeyPair(),
    ];
    const folder = keys.layout.publicDirectory;
    await writePublicCertificate(join(folder, 'opqbox1'), { boxId: '1', publicKey: plain.publicKey });
    await writeFile(join(folder, 'spare (copy).txt~'), `id = 2\npublic-key = "${odd.publicKey}"\n`);
    await writeFile(join(folder, '.hidden'), `id = 3\npublic-key = "${hidden.publicKey}"\n`);
    await writeFile(join(keys.directory, 'elsewhere'), `id = 4\npublic-key = "${linked.publicKey}"\n`);
    await symlink(join(keys.directory, 'elsewhere'), join(folder, 'link'));
    await writePublicCertificate(join(folder, 'opqserver.key'), {
      boxId: undefined,
      publicKey: server.publicKey,
    });
    await mkdir(join(folder, 'subfolder'));
    await writeFile(join(folder, 'README'), 'no certificate\n');
    await symlink('nowhere', join(folder, 'dangling'));

    const list = await start({ sources: [directory()] });
    for (const [pair, id] of [
      [plain, '1'],
      [odd, '2'],
      [hidden, '3'],
      [linked, '4'],
    ] as const) {
      assert.equal(list.check(of(pair.publicKey)), 'known');
      assert.equal(list.boxId(of(pair.publicKey)), id);
    }
    assert.equal(list.check(of(server.publicKey)), 'unknown');
    assert.equal(list.boxId(of(server.publicKey)), undefined);
    assert.deepEqual([...list.boxIds()].sort(), ['1', '2', '3', '4']);
    assert.equal(list.status().known, 4);
  });

  it('takes the rest where files are bad, says which, and never what a secret key is', async () => {
    const good = await keys.box('1');
    const [short, secret] = [newKeyPair(), newKeyPair()];
    const folder = keys.layout.publicDirectory;
    await writeFile(join(folder, 'short'), `id = 2\npublic-key = "${short.publicKey.slice(1)}"\n`);
    await writeFile(join(folder, 'no-number'), `id = box\npublic-key = "${short.publicKey}"\n`);
    await writeFile(join(folder, 'long'), Buffer.alloc(100_000, 0x20));
    await writeFile(join(folder, 'whole-pair'), formatSecretCertificate({ boxId: '5', ...secret }));
    const { log, text } = readableLog();
    const list = await start({ sources: [new DirectorySource(folder, log)], log });
    assert.deepEqual([...list.boxIds()].sort(), ['1', '5']);
    assert.equal(list.check(of(good.publicKey)), 'known');
    for (const name of ['short', 'no-number', 'long', 'whole-pair'])
      assert.ok(text().includes(`/${name}"`), name);
    assert.match(text(), /move it to private_keys/);
    assert.ok(!text().includes(secret.secretKey.reveal()));
  });

  it('reports a change of the id alone, and hands out the same set of ids until then', async () => {
    await keys.box('1');
    const list = await start({ sources: [directory()] });
    const ids = list.boxIds();
    await list.refresh();
    assert.equal(list.boxIds(), ids);
    const change = nextChange(list);
    const file = keys.layout.boxPublic('1');
    await writeFile(file, (await readFile(file, 'utf8')).replace('id = 1', 'id = 9'));
    const { added, removed } = await change;
    assert.deepEqual([added.size, removed.size, [...list.boxIds()]], [0, 0, ['9']]);
  });

  it('sees a box come, go, and be revoked, by file events', async () => {
    const first = await keys.box('1');
    const list = await start({ sources: [directory()] });
    let change = nextChange(list);
    const second = await keys.box('2');
    assert.deepEqual([...(await change).added], [keyText(of(second.publicKey))]);

    change = nextChange(list);
    await rm(keys.layout.boxPublic('2'));
    assert.deepEqual([...(await change).removed], [keyText(of(second.publicKey))]);
    assert.equal(list.check(of(second.publicKey)), 'unknown');

    change = nextChange(list);
    await mkdir(keys.layout.revokedDirectory);
    await rename(keys.layout.boxPublic('1'), join(keys.layout.revokedDirectory, 'opqbox1'));
    assert.deepEqual([...(await change).removed], [keyText(of(first.publicKey))]);
    await until(() => list.check(of(first.publicKey)) === 'revoked');

    // The folder of revoked keys is new: its own file events must be seen too.
    change = nextChange(list);
    await rename(join(keys.layout.revokedDirectory, 'opqbox1'), keys.layout.boxPublic('1'));
    assert.deepEqual([...(await change).added], [keyText(of(first.publicKey))]);
  });

  it('sees a certificate rewritten in place', async () => {
    const [old, fresh] = [await keys.box('1'), newKeyPair()];
    const list = await start({ sources: [directory()] });
    const change = nextChange(list);
    await writeFile(
      keys.layout.boxPublic('1'),
      formatPublicCertificate({ boxId: '1', publicKey: fresh.publicKey }),
    );
    await change;
    await until(() => list.check(of(fresh.publicKey)) === 'known');
    assert.equal(list.check(of(old.publicKey)), 'unknown');
  });

  it('without file events finds changes by reading again', async () => {
    const source = directory();
    const list = await start({
      sources: [{ name: 'quiet', pollMs: 20, read: () => source.read(), watch: () => () => undefined }],
    });
    const change = nextChange(list);
    await keys.box('9');
    assert.equal((await change).added.size, 1);
  });

  it('a revoked key stays out whatever other sources say', async () => {
    const { publicKey } = newKeyPair();
    await writePublicCertificate(join(keys.layout.revokedDirectory, 'x'), { boxId: undefined, publicKey });
    await writePublicCertificate(keys.layout.boxPublic('1'), { boxId: '1', publicKey });
    const store = new StoreSource(
      'store',
      () => Promise.resolve({ boxes: [{ boxId: '1', publicKey }] }),
      log,
    );
    const list = await start({ sources: [store, directory()] });
    assert.equal(list.check(of(publicKey)), 'revoked');
    assert.equal(list.boxId(of(publicKey)), undefined);
    const open = await start({ sources: [directory()], anyClient: true });
    assert.equal(open.check(of(publicKey)), 'revoked');
    assert.equal(open.check(of(newKeyPair().publicKey)), 'known');
  });

  it('a folder that cannot be read makes every key unavailable; once read, known ones stay known', async () => {
    const { publicKey } = await keys.box('1');
    const folder = keys.layout.publicDirectory;
    const away = join(keys.directory, 'away');
    await rename(folder, away);
    const source = directory();
    const list = await start({ sources: [source] });
    assert.equal(list.check(of(publicKey)), 'unavailable');
    assert.match(list.status().sources[0]?.error ?? '', /ENOENT/);

    await rename(away, folder);
    await list.refresh();
    assert.equal(list.check(of(publicKey)), 'known');
    await rename(folder, away);
    await list.refresh();
    assert.equal(list.check(of(publicKey)), 'known');
    assert.equal(list.check(of(newKeyPair().publicKey)), 'unavailable');
  });

  it('a folder of revoked keys that cannot be read keeps nobody in whose certificate went there', async () => {
    const { publicKey } = await keys.box('1');
    const other = await keys.box('2');
    const list = await start({ sources: [directory()] });
    // A file in its place: not even root can read it as a folder.
    await writeFile(keys.layout.revokedDirectory, '');
    await rm(keys.layout.boxPublic('1'));
    await list.refresh();
    assert.equal(list.check(of(publicKey)), 'unavailable');
    assert.equal(list.check(of(other.publicKey)), 'known');
    assert.match(list.status().sources[0]?.error ?? '', /ENOTDIR/);
    await rm(keys.layout.revokedDirectory);
    await list.refresh();
    assert.equal(list.check(of(publicKey)), 'unknown');
  });

  it('a file that cannot be read now stays in force, is reported, and counts as soon as it can be read', async () => {
    const [one, two] = [await keys.box('1'), newKeyPair()];
    const list = await start({ sources: [directory()] });
    const file = keys.layout.boxPublic('1');
    const certificate = await readFile(file);
    // What lies here is a file, and reading it fails for root too.
    await rm(file);
    await symlink('/proc/self/mem', file);
    await list.refresh();
    assert.equal(list.check(of(one.publicKey)), 'known');
    assert.match(list.status().sources[0]?.error ?? '', /EIO|EACCES/);
    await rm(file);
    await symlink(file, file);
    await list.refresh();
    assert.equal(list.check(of(one.publicKey)), 'known', 'not even its state can be read');
    assert.match(list.status().sources[0]?.error ?? '', /ELOOP/);
    await rm(file);
    await writeFile(file, certificate);
    // One that could not be read at first counts once it can be, with nothing of it changed.
    await writePublicCertificate(keys.layout.boxPublic('2'), { boxId: '2', publicKey: two.publicKey });
    const fresh = directory();
    const late = await keys.withoutRights(keys.layout.boxPublic('2'), () => start({ sources: [fresh] }));
    assert.equal(late.check(of(two.publicKey)), 'unavailable');
    assert.equal(late.check(of(one.publicKey)), 'known');
    await late.refresh();
    assert.equal(late.check(of(two.publicKey)), 'known');
    assert.equal(late.status().sources[0]?.ok, true);
  });

  it('a revoked certificate that cannot be read is an error, not a key that is not revoked', async () => {
    const { publicKey } = await keys.box('1');
    const [file = ''] = await revokeBox(keys.layout, '1');
    const store = new StoreSource(
      'store',
      () => Promise.resolve({ boxes: [{ boxId: '1', publicKey }] }),
      log,
    );
    const list = await start({ sources: [directory(), store] });
    assert.equal(list.check(of(publicKey)), 'revoked');
    await keys.withoutRights(file, () => list.refresh());
    assert.equal(list.check(of(publicKey)), 'revoked', 'as it was last read');

    const late = await keys.withoutRights(file, () => start({ sources: [directory(), store] }));
    const [folder] = late.status().sources;
    assert.equal(folder?.ok, false);
    assert.ok(folder?.error?.includes(file), folder?.error);
    await late.refresh();
    assert.equal(late.check(of(publicKey)), 'revoked');
    assert.equal(late.status().sources[0]?.ok, true);

    for (const make of [
      (path: string) => symlink('nowhere', path),
      (path: string) => writeFile(path, 'no certificate\n'),
      (path: string) => symlink(path, path),
    ]) {
      const bad = join(keys.layout.revokedDirectory, 'bad');
      await make(bad);
      await list.refresh();
      const { error } = list.status().sources[0] ?? {};
      assert.ok(error?.includes(bad), error);
      assert.equal(list.check(of(publicKey)), 'revoked');
      await rm(bad);
    }
    await list.refresh();
    assert.equal(list.status().sources[0]?.ok, true);
  });

  it('takes the boxes of a store, leaves out those without or with a bad key', async () => {
    const { publicKey, secretKey } = newKeyPair();
    const boxes = [
      { boxId: '1001', publicKey },
      { boxId: '1002' },
      { boxId: '1003', publicKey: '' },
      { boxId: '1004', publicKey: secretKey.reveal().slice(3) },
      { boxId: 'x', publicKey: newKeyPair().publicKey },
    ];
    const { log, text } = readableLog();
    const list = await start({
      sources: [new StoreSource('store', () => Promise.resolve({ boxes }), log, 10)],
    });
    assert.deepEqual([...list.boxIds()], ['1001']);
    assert.ok(!text().includes(secretKey.reveal().slice(3)));
    const change = nextChange(list);
    const later = newKeyPair();
    boxes.push({ boxId: '1002', publicKey: later.publicKey });
    await change;
    assert.equal(list.boxId(of(later.publicKey)), '1002');
    assert.equal(text().split('bad key').length - 1, 2, 'each bad key is logged once, not at each poll');
  });

  it('a store that fails leaves the last good keys in force', async () => {
    const { publicKey } = newKeyPair();
    let fails = false;
    const read = () =>
      fails ? Promise.reject(new Error('away')) : Promise.resolve({ boxes: [{ boxId: '1', publicKey }] });
    const list = await start({ sources: [new StoreSource('store', read, log)] });
    fails = true;
    await list.refresh();
    assert.equal(list.check(of(publicKey)), 'known');
    assert.equal(list.check(of(newKeyPair().publicKey)), 'unavailable');
    assert.deepEqual(list.status().sources[0], {
      name: 'store',
      ok: false,
      keys: 1,
      revoked: 0,
      error: 'away',
    });
  });

  it('a wish during a reading leads to one more, and its promise waits for that', async () => {
    let reads = 0;
    let release: (() => void) | undefined;
    const content = { entries: [] as { boxId: string; publicKey: string }[], revoked: [] };
    const read = async () => {
      reads += 1;
      const seen = { ...content, entries: [...content.entries] };
      await new Promise<void>((resolve) => {
        release = resolve;
        if (reads === 1) resolve();
      });
      return seen;
    };
    const list = await start({
      sources: [{ name: 's', pollMs: 60_000, read, watch: () => () => undefined }],
    });
    const running = list.refresh();
    const { publicKey } = newKeyPair();
    content.entries.push({ boxId: '1', publicKey });
    const wished = Promise.all([list.refresh(), list.refresh()]);
    release?.();
    await until(() => reads === 3);
    release?.();
    await Promise.all([running, wished]);
    assert.equal(reads, 3);
    assert.equal(list.check(of(publicKey)), 'known');
  });

  it('what was read counts immediately, also while the next reading hangs', async () => {
    const { publicKey } = newKeyPair();
    let reads = 0;
    let second = (_: SourceContent): void => undefined;
    let third = (_: SourceContent): void => undefined;
    const content = { entries: [{ boxId: '1', publicKey }], revoked: [] };
    const read = (): Promise<SourceContent> => {
      reads += 1;
      if (reads === 1) return Promise.resolve({ entries: [], revoked: [] });
      return new Promise((resolve) => {
        if (reads === 2) second = resolve;
        else third = resolve;
      });
    };
    const list = await start({
      sources: [{ name: 's', pollMs: 60_000, read, watch: () => () => undefined }],
    });
    const both = Promise.all([list.refresh(), list.refresh()]);
    second(content);
    await until(() => reads === 3);
    assert.equal(list.check(of(publicKey)), 'known');
    third(content);
    await both;
  });
});
