import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { MIGRATIONS, SCHEMA_VERSION } from '../../../store/sqlite/schema.js';
import { keepSchemaCopy, schemaCopies, schemaCopyOf } from '../../../store/sqlite/schema-copy.js';
import { someOf } from '../../support/property.js';
import { contentOf } from '../content.js';
import { givenFiles } from './files.js';
import { olderFile, versionIn } from './older-files.js';

/** As commands read, and, once, as daemons do. */
function threads(version: number): ('inline' | 'worker')[] {
  return version === SCHEMA_VERSION - 1 ? ['inline', 'worker'] : ['inline'];
}

describe('store/sqlite: files of an older schema', () => {
  const files = givenFiles();

  for (const version of someOf(MIGRATIONS.map((_, i) => i + 1).slice(0, -1))) {
    it(`version ${version} is read as it is, with what it would give after an upgrade`, async () => {
      const { file, open } = files();
      await olderFile(file, version);
      for (const thread of threads(version)) {
        const store = await open({ thread });
        const content = await contentOf(store);
        const refused = { code: 'STORE_SCHEMA_TOO_OLD' };
        await assert.rejects(store.nextEventIds(1), refused);
        await assert.rejects(
          store.putBox({ box_id: '5', calibration_constant: 1, unplugged: false }),
          refused,
        );
        await assert.rejects(store.deleteEvents([1]), refused);
        await assert.rejects(store.putOpenRequest({ key: 'k', body: '{}' }), refused);
        await store.close();
        assert.equal(versionIn(file), version);
        assert.deepEqual(schemaCopies(file), []);
        const upgraded = `${file}.upgraded-${thread}`;
        copyFileSync(file, upgraded);
        const db = new DatabaseHandle(upgraded);
        for (const step of MIGRATIONS.slice(version)) db.exec(step);
        db.pragma(`user_version = ${SCHEMA_VERSION}`);
        db.close();
        assert.deepEqual(content, await contentOf(await open({ file: upgraded })));
      }
    });
  }

  it('a write of a daemon that may not upgrade it is refused as a whole, also between others', async () => {
    const { file, open } = files();
    await olderFile(file, SCHEMA_VERSION - 1);
    const store = await open();
    const write = { kind: 'closed_request', key: 'none' } as const;
    await assert.rejects(store.apply(write), { code: 'STORE_SCHEMA_TOO_OLD', message: /schema version/ });
    assert.equal((await store.boxes()).length, 2);
  });

  it('an upgrade keeps one copy, of the version before, with the mode of the file', async () => {
    const { file, open } = files();
    await olderFile(file, 8);
    chmodSync(file, 0o640);
    const before = await contentOf(await open());
    writeFileSync(schemaCopyOf(file, 7), 'of an earlier upgrade');
    writeFileSync(`${schemaCopyOf(file, 8)}.part`, 'of one that was interrupted');
    const upgraded = await open({ upgrade: true });
    assert.deepEqual(await contentOf(upgraded), before);
    assert.equal(versionIn(file), SCHEMA_VERSION);
    const copy = schemaCopyOf(file, 8);
    assert.deepEqual(schemaCopies(file), [{ path: copy, version: 8 }]);
    assert.deepEqual([versionIn(copy), statSync(copy).mode & 0o777], [8, 0o640]);
    assert.ok(!existsSync(`${copy}.part`));
    assert.deepEqual(await contentOf(await open({ file: copy })), before);
    const names = readdirSync(files().directory).length;
    await open({ upgrade: true });
    assert.equal(readdirSync(files().directory).length, names);
  });

  it('a copy that fails leaves nothing of it', async () => {
    const { directory, file } = files();
    await olderFile(file, 9);
    // Its name is taken, by a folder.
    mkdirSync(schemaCopyOf(file, 9));
    const db = new DatabaseHandle(file);
    assert.throws(() => keepSchemaCopy(db, file, 9), { code: /EISDIR|ENOTEMPTY|EEXIST/ });
    db.close();
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('.part')),
      [],
    );
  });

  it('two processes that upgrade it at the same time do it once', async () => {
    const { file, open } = files();
    await olderFile(file, 9);
    const stores = await Promise.all([1, 2, 3].map(() => open({ upgrade: true })));
    for (const store of stores) assert.equal((await store.boxes()).length, 2);
    assert.deepEqual([versionIn(file), versionIn(schemaCopyOf(file, 9))], [SCHEMA_VERSION, 9]);
  });

  it('an older program on a newer file ends with a code and names the copy', async () => {
    const { file, open } = files();
    await olderFile(file, 9);
    await (await open({ upgrade: true })).close();
    const db = new DatabaseHandle(file);
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    await assert.rejects(open(), (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, 'STORE_SCHEMA_TOO_NEW');
      assert.ok(error.hint?.includes(`makai store restore ${schemaCopyOf(file, 9)}`), error.hint);
      return true;
    });
  });
});
