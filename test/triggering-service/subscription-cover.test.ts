import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Owner, ownedByShare } from '../../triggering-service/workers/ownership.js';
import { ShareSubscription, type Subscribing } from '../../triggering-service/workers/subscription.js';
import { subscriptionCover } from '../../triggering-service/workers/subscription-cover.js';
import { type KnownTopic, Topics } from '../../triggering-service/workers/topics.js';
import { runs } from '../support/property.js';
import { until } from './rig.js';

const UNLIMITED = 1_000_000;
const block = fc.constantFrom(1, 10, 100, 1000);
const ids = fc.oneof(
  fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 60 }),
  fc.uniqueArray(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 200 }),
);

function owners(of: number, workers: number, size: number): Owner[] {
  return Array.from({ length: of * workers }, (_, part) => {
    const index = Math.floor(part / workers);
    return new Owner({ of, index, workers, worker: part % workers, block: size });
  });
}

function knownTo(owner: Owner, boxIds: readonly number[], padded = false): KnownTopic[] {
  const topics = new Topics(owner, UNLIMITED);
  for (const id of boxIds) topics.hear(Buffer.from(padded ? String(id).padStart(4, '0') : String(id)));
  return [...topics.known];
}

const hears = (prefixes: readonly string[], topic: string) => prefixes.some((p) => topic.startsWith(p));

describe('triggering-service/workers: shares of the ids', () => {
  it('every id has one owner, whatever the numbers of services, workers and ids that stay together', () => {
    const number = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        number,
        number,
        block,
        fc.integer({ min: -1, max: 2 ** 31 - 1 }),
        (of, workers, size, id) => {
          assert.equal(owners(of, workers, size).filter((owner) => owner.owns(id)).length, 1);
          if (id < 0) return;
          const shares = Array.from({ length: of }, (_, index) => ownedByShare(id, of, index, size));
          assert.equal(shares.filter((own) => own).length, 1);
          const own = owners(of, workers, size).findIndex((owner) => owner.owns(id));
          assert.equal(shares.indexOf(true), Math.floor(own / workers));
        },
      ),
    );
  });

  it('never changes: files and machines of years to come share out as this one does', () => {
    const first = new Owner({ of: 1, index: 0, workers: 2, worker: 0, block: 10 });
    const own = Array.from({ length: 40 }, (_, i) => 1000 + 10 * i).filter((id) => first.owns(id));
    assert.deepEqual(own, OWN_OF_FIRST);
    assert.equal(first.owns(1000), first.owns(1009));
  });

  it('shares thousands of boxes out evenly', () => {
    for (const parts of [2, 3, 8]) {
      const counts = owners(1, parts, 10).map(
        (owner) => Array.from({ length: 20_000 }, (_, i) => 1000 + i).filter((id) => owner.owns(id)).length,
      );
      for (const count of counts)
        assert.ok(Math.abs(count - 20_000 / parts) < 0.15 * (20_000 / parts), `${counts}`);
    }
  });

  it('hears all that is its own, and of others only what begins like its own', () => {
    fc.assert(
      fc.property(ids, block, fc.integer({ min: 2, max: 4 }), fc.boolean(), (boxIds, size, parts, padded) => {
        for (const owner of owners(1, parts, size)) {
          const known = knownTo(owner, boxIds, padded);
          const prefixes = subscriptionCover(known, { block: size, limit: UNLIMITED });
          for (const { topic, own } of known) {
            if (own) assert.ok(hears(prefixes, topic), topic);
            else if (hears(prefixes, topic))
              assert.ok(
                known.some((other) => other.own && topic.startsWith(other.topic)),
                topic,
              );
          }
          assert.ok(prefixes.every((a) => prefixes.every((b) => a === b || !a.startsWith(b))));
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('hears a box that nobody knew, but for an id that is the beginning of a known one or goes on from one', () => {
    const fresh = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(ids, block, fresh, (boxIds, size, id) => {
        const topic = String(id);
        const near = boxIds.some((other) => {
          const inBlock = String(other).slice(0, -Math.round(Math.log10(size)) || undefined);
          return String(other).startsWith(topic) || topic.startsWith(inBlock);
        });
        fc.pre(!near);
        const hearing = owners(1, 2, size).map((owner) =>
          hears(subscriptionCover(knownTo(owner, boxIds), { block: size, limit: UNLIMITED }), topic),
        );
        assert.deepEqual(hearing, [true, true]);
      }),
    );
  });

  it('a box in a block that is known is heard by its owner', () => {
    for (const owner of owners(1, 2, 10)) {
      const prefixes = subscriptionCover(knownTo(owner, [1001, 1011, 1021, 1031, 2001]), {
        block: 10,
        limit: UNLIMITED,
      });
      for (const id of [1002, 1012, 1022, 1032, 2002])
        assert.equal(hears(prefixes, String(id)), owner.owns(id), String(id));
    }
  });

  it('keeps to the most prefixes it may have, and still hears all its own', () => {
    fc.assert(
      fc.property(ids, block, fc.integer({ min: 1, max: 30 }), (boxIds, size, limit) => {
        for (const owner of owners(1, 3, size)) {
          const known = knownTo(owner, boxIds);
          const prefixes = subscriptionCover(known, { block: size, limit });
          assert.ok(prefixes.length <= limit, `${prefixes.length}`);
          for (const { topic, own } of known) if (own) assert.ok(hears(prefixes, topic), topic);
        }
      }),
    );
  });

  it('10,000 boxes in a row take some hundred prefixes, not thousands', () => {
    const boxIds = Array.from({ length: 10_000 }, (_, i) => 10_000 + i);
    for (const owner of owners(1, 2, 100)) {
      const prefixes = subscriptionCover(knownTo(owner, boxIds), { block: 100, limit: UNLIMITED });
      assert.ok(prefixes.length < 80, `${prefixes.length}`);
    }
  });

  it('topics: invalid ones get an owner and are not remembered; others are, up to the limit', () => {
    const owner = new Owner({ of: 1, index: 0, workers: 1, worker: 0, block: 1 });
    const topics = new Topics(owner, 3);
    for (const odd of ['', '00', 'evget', '12a', '00012', '02147483648', '99999999999', '9'.repeat(30)])
      assert.equal(topics.hear(Buffer.from(odd)), true, odd);
    assert.equal(topics.hear(undefined), true);
    assert.equal(topics.size, 0);
    const zero = new Topics(owner, 3);
    for (const topic of ['0', '0000', '0', '0000']) assert.equal(zero.hear(Buffer.from(topic)), true);
    assert.deepEqual(
      zero.known.map(({ topic }) => topic),
      ['0', '0000'],
    );
    for (const topic of ['7', '0007', '7', '8', '9', '10']) topics.hear(Buffer.from(topic));
    assert.deepEqual(
      topics.known.map(({ topic }) => topic),
      ['7', '0007', '8'],
    );
    assert.equal(topics.full, true);
  });

  it('topics: ids without a certificate are not remembered, until they have one', () => {
    const certified = new Set([7]);
    const owner = new Owner({ of: 1, index: 0, workers: 1, worker: 0, block: 1 });
    const topics = new Topics(owner, 2, (id) => certified.has(id));
    const hearAll = () => {
      for (let id = 1; id < 10; id++) assert.equal(topics.hear(Buffer.from(String(id))), true);
      return topics.known.map(({ topic }) => topic);
    };
    assert.deepEqual(hearAll(), ['7']);
    certified.add(9);
    assert.deepEqual(hearAll(), ['7', '9']);
  });

  it('goes from everything to its share without a moment in which a topic of its own has no subscription', async () => {
    const present = new Map<string, number>();
    const owner = new Owner({ of: 1, index: 0, workers: 2, worker: 0, block: 1 });
    const topics = new Topics(owner, 1000);
    const check = (): void => {
      for (const { topic, own } of topics.known) if (own) assert.ok(hears([...present.keys()], topic), topic);
    };
    const socket: Subscribing = {
      subscribe: (...prefixes) => {
        for (const prefix of prefixes) present.set(prefix, (present.get(prefix) ?? 0) + 1);
        check();
      },
      unsubscribe: (...prefixes) => {
        for (const prefix of prefixes) assert.ok(present.delete(prefix), 'subscribed to once');
        check();
      },
    };
    const subscription = new ShareSubscription({ socket, topics, block: 1, parts: 2, listenMs: 4 });
    assert.deepEqual([...present.keys()], ['']);
    for (let id = 1000; id < 1100; id++) topics.hear(Buffer.from(String(id)));
    await until(() => !present.has(''));
    for (let id = 1100; id < 1200; id++) topics.hear(Buffer.from(String(id)));
    const before = present.size;
    await until(() => present.size > before);
    subscription.stop();
    assert.ok([...present.values()].every((count) => count === 1));
    assert.equal(subscription.prefixes, present.size);
  });
});

/** Written down when the sharing was made. */
const OWN_OF_FIRST = [
  1000, 1010, 1030, 1040, 1050, 1080, 1090, 1110, 1120, 1150, 1160, 1180, 1190, 1200, 1210, 1230, 1260, 1300,
  1310, 1340, 1350, 1360, 1390,
];
