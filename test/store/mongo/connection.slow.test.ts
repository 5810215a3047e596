import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { getServers, setServers } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../../common/log.js';
import { databaseOf, isMongoUrl } from '../../../store/mongo/connection/url.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import { withSpool } from '../../../store/spool/index.js';
import { freePort } from '../../support/free-port.js';
import { givenMongo } from '../../support/mongo-server.js';
import { onPath } from '../../support/mongod-binary.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import { all } from '../contract/given.js';
import { givenDatabase, PATIENCE_MS } from './given.js';

const options = { retention: { mode: 'ttl' as const, measurementsSeconds: 86_400 }, log: silentLogger() };

describe('MongoDB: connection', () => {
  describe('URLs', () => {
    it('database', () => {
      assert.equal(databaseOf('mongodb://a:27017,b:27018/power%20grid?replicaSet=rs0'), 'power grid');
      assert.equal(databaseOf('mongodb://localhost'), undefined);
      assert.equal(databaseOf('mongodb://localhost/?tls=true'), undefined);
      assert.ok(isMongoUrl('mongodb+srv://x') && !isMongoUrl('sqlite:x'));
    });

    it('one that cannot be read is a mistake of configuration, its password kept back', async () => {
      for (const url of [
        'mongodb://user:SECRET@',
        'mongodb://user:SECRET@host:99999999/opq',
        'mongodb://user:SEC%RET@host/opq',
        'mongodb://user:/SECRET@host/opq',
        'mongodb://user:?SECRET@host/opq',
        'mongodb://user:#SECRET@host/opq',
        'mongodb://user:@SECRET@host/opq',
        'mongodb://us/er:SECRET@host/opq',
        'mongodb://user:SECRET',
      ]) {
        await assert.rejects(openMongoStore(url, options), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'CONFIG_INVALID', error.message);
          assert.doesNotMatch(error.message, /SEC%?RET/);
          return true;
        });
      }
    });
  });

  it('nobody there: STORE_UNAVAILABLE within the time given', async () => {
    const url = `mongodb://user:SECRET@127.0.0.1:${await freePort()}/opq`;
    await assert.rejects(
      openMongoStore(url, options, 300),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE');
        assert.match(error.hint ?? '', /MongoDB runs/);
        assert.doesNotMatch(error.message, /SECRET/);
        return true;
      },
    );
  });

  it('somebody there who never says a word: the same', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await assert.rejects(openMongoStore(`mongodb://127.0.0.1:${port}/opq`, options, 300), {
      code: 'STORE_UNAVAILABLE',
    });
    silent.close();
  });

  for (const [what, rcode] of [
    ['does not know the name', 3],
    ['is not served itself', 2],
    ['does not say a word', undefined],
  ] as const) {
    it(`mongodb+srv:// with a name server that ${what}: a spooled store starts all the same`, async () => {
      const names = createSocket('udp4').bind(0, '127.0.0.1');
      await once(names, 'listening');
      names.on('message', (question, { address, port }) => {
        if (rcode === undefined) return;
        // The question, marked as its own answer.
        question[2] = (question[2] ?? 0) | 0x80;
        question[3] = 0x80 | rcode;
        names.send(question, port, address);
      });
      const before = getServers();
      setServers([`127.0.0.1:${names.address().port}`]);
      const folder = mkdtempSync(join(tmpdir(), 'makai-srv-'));
      const opening = () => openMongoStore('mongodb+srv://user:SECRET@db.example.org/opq', options, 100);
      try {
        await assert.rejects(opening(), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'STORE_UNAVAILABLE', error.message);
          assert.doesNotMatch(error.message, /SECRET/);
          return true;
        });
        const file = join(folder, 'spool.db');
        const limits = { maxBytes: 2 ** 20, maxAgeSeconds: 60 };
        const spool = await withSpool({ open: opening, file, ...limits, log: silentLogger() });
        assert.equal(spool.stats().state, 'unavailable');
        await spool.close();
      } finally {
        setServers(before);
        names.close();
        rmSync(folder, { recursive: true });
      }
    });
  }

  it('a file of the URL that is not there is a mistake, not an outage', async () => {
    const url = 'mongodb://127.0.0.1:1/opq?tls=true&tlsCAFile=/nowhere/ca.pem';
    await assert.rejects(openMongoStore(url, options, 100), { code: 'STORE_REFUSED' });
  });

  describe('with a server', () => {
    const server = givenMongo();
    const given = givenDatabase(server);

    it('TLS: a certificate that is trusted is taken, another one is not', async function () {
      if (onPath('openssl') === undefined) return this.skip();
      const folder = mkdtempSync(join(tmpdir(), 'makai-tls-'));
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
      await promisify(execFile)('openssl', [...request, ...subject, '-keyout', key, '-out', cert]);
      const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
      const port = Number(new URL(server().uri.replace(/^mongodb:/, 'http:')).port);
      const proxy = await startTcpProxy(port, pem);
      const url = `mongodb://localhost:${proxy.port}/${given().db.databaseName}?tls=true&directConnection=true`;
      try {
        await assert.rejects(openMongoStore(url, options, 500), { code: 'STORE_UNAVAILABLE' });
        const store = await openMongoStore(
          `${url}&tlsCAFile=${encodeURIComponent(cert)}`,
          options,
          PATIENCE_MS,
        );
        assert.deepEqual(await all(store.events()), []);
        await store.close();
      } finally {
        await proxy.close();
        rmSync(folder, { recursive: true });
      }
    });

    it('says that it can be written to only after a write', async () => {
      const store = await openMongoStore(given().url, options, PATIENCE_MS);
      await Promise.all([store.ping(), store.ping()]);
      const counters = given().db.collection<{ _id: string; at: Date }>('makai_counters');
      const before = await counters.findOne({ _id: 'write_check' });
      await new Promise((resolve) => setTimeout(resolve, 2));
      await store.ping();
      const after = await counters.findOne({ _id: 'write_check' });
      assert.ok(before !== null && after !== null && after.at > before.at);
      assert.deepEqual(await store.nextEventIds(1), [1]);
      await store.close();
    });

    it("options of the URL win over ours, but not over what 'durable' means", async () => {
      const url = `${given().url}?serverSelectionTimeoutMS=7777&appName=grid&w=0&directConnection=true`;
      const store = await openMongoStore(url, options);
      const [number] = await store.nextEventIds(1);
      assert.equal(number, 1);
      await store.close();
      // An unacknowledged write would have left the count's document to chance.
      assert.equal(await given().db.collection('makai_counters').countDocuments(), 1);
    });
  });
});
