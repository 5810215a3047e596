import assert from 'node:assert/strict';
import { type CommandStartedEvent, type Document, MongoClient, ObjectId } from 'mongodb';
import { silentLogger } from '../../../common/log.js';
import { int64 } from '../../../store/mongo/fields/bson.js';
import { newMendPosition } from '../../../store/mongo/index.js';
import { Expiry } from '../../../store/mongo/maintenance/expiry.js';
import { sweep } from '../../../store/mongo/maintenance/sweep.js';
import { givenMongo } from '../../support/mongo-server.js';
import { givenDatabase } from './given.js';

const MEASUREMENTS = 5_500;
/** All in one second: no bound on `expire_at` would divide these. */
const EXPIRE_AT = 1_000_000;

const WATCHED = new Set(['measurements', 'box_events', 'events']);

describe('MongoDB: a sweep with much to delete', function () {
  // The server of the tests may be slow on a machine that does much else.
  this.timeout(400_000);
  const given = givenDatabase(givenMongo());
  let client: MongoClient;
  let deletes: Document[];
  let run: (signal?: AbortSignal) => ReturnType<typeof sweep>;

  beforeEach(async () => {
    await given().open({ retention: { mode: 'laha', measurementsSeconds: 60 } });
    const documents = Array.from({ length: MEASUREMENTS }, (_, i) => ({
      box_id: '1',
      timestamp_ms: int64(i),
      expire_at: int64(EXPIRE_AT),
    }));
    await given().db.collection('measurements').insertMany(documents);
    deletes = [];
    client = new MongoClient(given().url, { monitorCommands: true });
    client.on('commandStarted', ({ command, commandName }: CommandStartedEvent) => {
      if (commandName === 'delete' && WATCHED.has(String(command.delete))) deletes.push(command);
    });
    const retention = { mode: 'laha' as const, measurementsSeconds: 60 };
    const context = {
      db: client.db(),
      log: silentLogger(),
      now: () => 0,
      expiry: new Expiry(retention, async () => undefined),
      plain: new Set<string>(),
      misspeltTime: false,
    };
    run = (signal) => sweep(context, (EXPIRE_AT + 1) * 1000, { mend: newMendPosition() }, signal);
  });
  afterEach(() => client.close());

  const sizes = () => deletes.map((one) => `${one.delete} ${one.deletes[0].q._id.$in.length}`);

  it('deletes in commands of bounded size', async () => {
    assert.equal((await run()).measurements, MEASUREMENTS);
    assert.deepEqual(sizes(), ['measurements 5000', 'measurements 500']);
  });

  it('an event goes after all that is its own, which goes in commands of bounded size too', async () => {
    const { db } = given();
    await db.collection('measurements').deleteMany({});
    await db.collection('events').insertOne({ event_id: 1, expire_at: int64(EXPIRE_AT) });
    const boxEvents = Array.from({ length: 1200 }, (_, i) => ({ event_id: 1, box_id: String(i) }));
    await db.collection('box_events').insertMany(boxEvents);
    assert.equal((await run()).events, 1);
    assert.deepEqual(sizes(), ['box_events 500', 'box_events 500', 'box_events 200', 'events 1']);
  });

  it('deletes nothing more once it is asked to end', async () => {
    assert.equal((await run(AbortSignal.abort())).measurements, 0);
    assert.deepEqual(deletes, []);
  });

  it('findings of health go after 30 days if they are ours; those of others stay', async () => {
    const store = await given().open();
    const health = given().db.collection('health');
    const now = Date.now();
    const finding = (days: number, info: string) => ({
      timestamp: new Date(now - days * 86_400_000),
      service: 'BOX',
      serviceID: '1',
      status: 'UP' as const,
      info,
    });
    await store.insertHealth(finding(31, 'old'));
    await store.insertHealth(finding(29, 'young'));
    const _id = ObjectId.createFromTime(Math.floor(now / 1000) - 31 * 86_400);
    await health.insertMany([
      { _id, ...finding(31, 'of another program') },
      { _id: ObjectId.createFromTime(5), service: 'odd' },
    ]);
    await store.sweep(now);
    const left = (await health.find().toArray()).map(({ info }) => String(info));
    assert.deepEqual(left.toSorted(), ['of another program', 'undefined', 'young']);
  });

  it("knows the server's time", async () => {
    const store = await given().open();
    const now = Date.now();
    const server = await store.serverTimeMs();
    assert.ok(server !== undefined && Math.abs(server - now) < 86_400_000, `${server} at ${now}`);
  });
});
