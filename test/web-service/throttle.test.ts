/** How often somebody may try to log in. */
import assert from 'node:assert/strict';
import { codeOf } from '../../common/errors.js';
import { LoginThrottle, networkOf } from '../../daemon/people/throttle.js';
import { ManualClock } from './manual-clock.js';

describe('web-service: tries to log in', () => {
  const given = () => {
    const clock = new ManualClock();
    const throttle = new LoginThrottle(clock);
    /** How many of so many tries are admitted. */
    const tries = (count: number, address: (i: number) => string, user: string): number => {
      let admitted = 0;
      for (let i = 0; i < count; i += 1) {
        try {
          throttle.admit(address(i), user);
          admitted += 1;
        } catch (error) {
          assert.equal(codeOf(error), 'TOO_MANY_REQUESTS');
        }
      }
      return admitted;
    };
    return { clock, throttle, tries };
  };

  it('one client that goes on trying locks out itself, and not the user', () => {
    const { throttle, tries } = given();
    assert.equal(
      tries(500, () => '192.0.2.1', 'ada'),
      20,
    );
    assert.equal(throttle.refused, 480);
    assert.equal(
      tries(1, () => '192.0.2.2', 'ada'),
      1,
    );
  });

  it('a user is tried so often in all, from however many addresses', () => {
    const { tries } = given();
    assert.equal(
      tries(200, (i) => `192.0.2.${i}`, 'ada'),
      40,
    );
  });

  it('tries are admitted again with time', async () => {
    const { clock, tries } = given();
    tries(30, () => '192.0.2.1', 'ada');
    await clock.pass(6100);
    assert.equal(
      tries(5, () => '192.0.2.1', 'ada'),
      1,
    );
  });

  it('the IPv6 addresses of a /64 are one client', () => {
    const { tries } = given();
    assert.equal(
      tries(30, (i) => `2001:db8:0:7::${i.toString(16)}`, 'ada'),
      20,
    );
    for (const [address, network] of [
      ['2001:DB8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
      ['2001:db8::7', '2001:db8:0:0::/64'],
      ['2001:db8:0:0007::7', '2001:db8:0:7::/64'],
      ['::1', '0:0:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
      ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['192.0.2.1', '192.0.2.1'],
      ['', ''],
    ] as const)
      assert.equal(networkOf(address), network, address);
  });
});
