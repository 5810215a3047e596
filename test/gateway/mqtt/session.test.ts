/** What is sent to a broker elsewhere over connections that come and go. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../../common/log.js';
import { ThrottledLog } from '../../../common/throttled-log.js';
import { Session } from '../../../gateway/mqtt/session.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function rig(kept: readonly string[] = []) {
  const sent: string[] = [];
  const disk = { kept };
  const wanted = new Map<string, 0 | 1>([['a', 1]]);
  const broker = { confirms: true };
  const answer = async (): Promise<never[]> => {
    if (!broker.confirms) throw new Error('the connection was closed');
    return [];
  };
  const client = {
    connected: true,
    subscribeAsync: (filter: string, { qos, rh }: { qos: number; rh?: number }) => {
      sent.push(`+${filter} ${qos}${rh === undefined ? '' : ` retained ${rh}`}`);
      return answer();
    },
    unsubscribeAsync: (filter: string) => {
      sent.push(`-${filter}`);
      return answer();
    },
  };
  const filters = {
    get: () => disk.kept,
    put: (all: readonly string[]) => {
      disk.kept = all;
    },
  };
  const session = new Session({
    client: client as unknown as ConstructorParameters<typeof Session>[0]['client'],
    ...{ filters, wanted: () => wanted, log: new ThrottledLog(silentLogger()) },
  });
  const connect = async (isPresent: boolean): Promise<string[]> => {
    session.connected(isPresent);
    await turn();
    return sent.splice(0);
  };
  return { broker, client, connect, disk, session, sent, wanted };
}

describe('gateway: the session at a broker elsewhere', () => {
  it('is subscribed to once, again where it is gone, was not confirmed or wants another QoS', async () => {
    const { broker, connect, wanted } = rig();
    assert.deepEqual(await connect(true), ['+a 1']);
    assert.deepEqual(await connect(true), []);
    wanted.set('b', 0);
    broker.confirms = false;
    assert.deepEqual(await connect(true), ['+b 0']);
    broker.confirms = true;
    assert.deepEqual(await connect(true), ['+b 0']);
    assert.deepEqual(await connect(true), []);
    wanted.set('b', 1);
    assert.deepEqual(await connect(true), ['+b 1']);
    assert.deepEqual(await connect(false), ['+a 1', '+b 1']);
  });

  it('keeps a filter on disk until the broker has confirmed its end', async () => {
    const { broker, connect, disk } = rig(['old']);
    broker.confirms = false;
    assert.deepEqual(await connect(true), ['+a 1', '-old']);
    assert.deepEqual(disk.kept, ['a', 'old']);
    broker.confirms = true;
    assert.deepEqual(await connect(true), ['+a 1', '-old']);
    assert.deepEqual(disk.kept, ['a']);
  });

  it('another QoS, also a lower one, is asked for immediately, without the retained messages that the session had', async () => {
    const { connect, sent, session, wanted } = rig();
    await connect(true);
    wanted.set('a', 0);
    session.join('a');
    await turn();
    assert.deepEqual(sent.splice(0), ['+a 0 retained 1']);
    wanted.set('b', 1);
    session.join('b');
    await turn();
    assert.deepEqual(sent.splice(0), ['+b 1']);
    assert.deepEqual(await connect(true), []);
  });

  it('a filter that is wanted again after its end is subscribed to again', async () => {
    const { client, connect, session, wanted } = rig();
    await connect(true);
    client.connected = false;
    wanted.delete('a');
    await session.leave(['a']);
    wanted.set('a', 1);
    client.connected = true;
    assert.deepEqual(await connect(true), ['+a 1']);
    wanted.delete('a');
    client.connected = false;
    await session.leave(['a']);
    client.connected = true;
    assert.deepEqual(await connect(true), ['-a']);
  });
});
