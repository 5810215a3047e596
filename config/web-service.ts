/** The web service's file (default /etc/opq/web_service.json): all of it is ours. */
import { z } from 'zod';
import { followedDaemons, followedEndpoints } from './backend-fields.js';
import { field, ours } from './field.js';
import { natsNoticesFields } from './nats-fields.js';
import { nominalFields, retentionFields, runFields, statusOf, storeFields } from './shared-fields.js';
import { flag, oneOf, path, tileAddress, webAddress } from './types.js';

export const webServiceSchema = () =>
  z.strictObject({
    listen: ours(
      webAddress().default('127.0.0.1:8088'),
      'Address of the page and the HTTP API',
      '`host:port`. An address that other machines reach needs `tls` or `behind_proxy`, and a user (`makai users add`).',
    ),
    login: ours(
      oneOf(['on', 'off']).default('on'),
      'Login',
      '`off`: whoever reaches the address is an admin. Only on a loopback address, and not behind a proxy: for a demo.',
    ),
    tls: field(
      z
        .strictObject({
          cert: ours(
            path(),
            'Certificate',
            'PEM file with the certificate of the server, and those between it and the root.',
          ),
          key: ours(
            path(),
            'Private key',
            'PEM file with its key. It is refused if other users can read it.',
          ),
        })
        .optional(),
      {
        title: 'TLS',
        description: 'Serves HTTPS. SIGHUP reads the files again, as after a renewal.',
        from: 'ours',
        defaultText: 'plain HTTP',
      },
    ),
    behind_proxy: ours(
      flag().default(false),
      'Behind a proxy',
      'A proxy on the way does TLS and sets `X-Forwarded-For` and `X-Forwarded-Proto` (docs/web.md): cookies are then for HTTPS alone, and the address of the client is taken from it.',
    ),
    ...followedEndpoints(),
    client_certs: field(path().optional(), {
      title: 'Public keys of boxes',
      description:
        "The folder of the brokers' `client_certs`: keys that an admin approves or revokes on the page are written there, which the user of this service must be allowed to do.",
      from: 'ours',
      defaultText: 'none: keys are written to the records of the boxes in the store',
    }),
    daemons: ours(
      z.strictObject({ ...followedDaemons(), gateway: statusOf('gateway') }).prefault({}),
      'Status of the other daemons',
      'Where they serve their status, by the name of the daemon.',
    ),
    nats: natsNoticesFields(),
    map_tiles: field(tileAddress().optional(), {
      title: 'Map tiles',
      description:
        'Address of the tiles of the map of locations, such as `https://tiles.example.org/{z}/{x}/{y}.png`: the only thing that a browser gets from elsewhere.',
      from: 'ours',
      defaultText: 'none: a plain grid',
    }),
    ...nominalFields(),
    ...storeFields(),
    ...retentionFields(),
    ...runFields('web-service'),
  });
