/** What the HTTP server takes from a proxy in front of it. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { createServer } from '../../web-service/http/server.js';

describe('web-service: behind a proxy', () => {
  const seen = async (behindProxy: boolean, headers: Record<string, string>): Promise<unknown> => {
    const log = silentLogger();
    const server = await createServer({ log, rejections: new Rejections(log), tls: undefined, behindProxy });
    server.get('/who', async ({ ip, protocol }) => ({ ip, protocol }));
    try {
      const reply = await server.inject({ url: '/who', headers, remoteAddress: '127.0.0.1' });
      return reply.json();
    } finally {
      await server.close();
    }
  };

  it('the address is the one that the proxy adds, not what the client claims before it', async () => {
    const headers = {
      'x-forwarded-for': '198.51.100.1, 10.0.0.1, 203.0.113.7',
      'x-forwarded-proto': 'https',
    };
    assert.deepEqual(await seen(true, headers), { ip: '203.0.113.7', protocol: 'https' });
    const alone = { 'x-forwarded-for': '203.0.113.7' };
    assert.deepEqual(await seen(true, alone), { ip: '203.0.113.7', protocol: 'http' });
  });

  it('without a proxy these headers say nothing', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
    assert.deepEqual(await seen(false, headers), { ip: '127.0.0.1', protocol: 'http' });
  });
});
