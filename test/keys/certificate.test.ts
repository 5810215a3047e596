import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { MakaiError } from '../../common/errors.js';
import {
  formatPublicCertificate,
  formatSecretCertificate,
  parseBoxId,
  parsePublicCertificate,
  parseSecretCertificate,
  readPublic,
} from '../../keys/certificate.js';
import { newKeyPair, parseKeyPair, parsePublicKey, publicKeyOf, SecretKey } from '../../keys/key.js';
import { z85Encode } from '../../keys/z85.js';

/** how existing programs read a certificate: the first match anywhere in the file */
const FIELD_PUBLIC = /public-key\s+=\s+"(.+)"/;
const FIELD_SECRET = /secret-key\s+=\s+"(.+)"/;

function refuses(work: () => unknown, pattern: RegExp, secret?: string): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof MakaiError);
    assert.equal(error.code, 'KEY_INVALID');
    assert.match(error.message, pattern);
    if (secret !== undefined) assert.ok(!inspect(error).includes(secret), 'the secret is in the error');
    return true;
  });
}

describe('keys/certificate', () => {
  it('is read by existing patterns', () => {
    for (let round = 0; round < 50; round += 1) {
      const { publicKey, secretKey } = newKeyPair();
      const secretText = formatSecretCertificate({ boxId: '1001', publicKey, secretKey });
      const publicText = formatPublicCertificate({ boxId: '1001', publicKey });
      assert.equal(FIELD_PUBLIC.exec(secretText)?.[1], publicKey);
      assert.equal(FIELD_SECRET.exec(secretText)?.[1], secretKey.reveal());
      assert.equal(FIELD_PUBLIC.exec(publicText)?.[1], publicKey);
      assert.equal(FIELD_SECRET.exec(publicText), null);
    }
  });

  it('has the usual layout: comments, metadata, curve, indented fields, nothing after the quote', () => {
    const { publicKey, secretKey } = newKeyPair();
    const lines = formatSecretCertificate({ boxId: '7', publicKey, secretKey }).split('\n');
    assert.deepEqual(
      lines.filter((line) => line !== '' && !line.startsWith('#')),
      [
        'metadata',
        'curve',
        '    id = 7',
        `    public-key = "${publicKey}"`,
        `    secret-key = "${secretKey.reveal()}"`,
      ],
    );
    for (const line of lines.filter((line) => line.startsWith('#')))
      assert.doesNotMatch(line, /-key|\bid\b|=/);
  });

  it('reads back what it wrote', () => {
    const { publicKey, secretKey } = newKeyPair();
    assert.deepEqual(parsePublicCertificate(formatPublicCertificate({ boxId: '4', publicKey }), 'f'), {
      boxId: '4',
      publicKey,
    });
    const server = formatSecretCertificate({ boxId: undefined, publicKey, secretKey });
    const read = parseSecretCertificate(server, 'f');
    assert.equal(read.boxId, undefined);
    assert.equal(read.publicKey, publicKey);
    assert.equal(read.secretKey.reveal(), secretKey.reveal());
  });

  it('reads what others wrote: quoted ids, leading zeros, tabs, CRLF, other fields, no blanks', () => {
    const { publicKey } = newKeyPair();
    const texts = [
      `metadata\n    name = "a"\ncurve\n    id = "0007"\n    public-key = "${publicKey}"\n`,
      `# made by hand\r\ncurve\r\n\tid = 7\r\n\tpublic-key = "${publicKey}"\r\n`,
      `curve\n    id=7\n    public-key="${publicKey}"`,
    ];
    for (const text of texts) assert.deepEqual(readPublic(text, 'f'), { boxId: '7', publicKey });
  });

  it('refuses bad keys with the reason', () => {
    const { publicKey } = newKeyPair();
    const certificate = (key: string) => `curve\n    id = 1\n    public-key = "${key}"\n`;
    refuses(() => readPublic(certificate(publicKey.slice(0, 39)), 'f'), /39 characters, not 40/);
    refuses(() => readPublic(certificate(''), 'f'), /0 characters/);
    refuses(() => readPublic(certificate(`${publicKey.slice(0, 39)},`), 'f'), /not Z85: character 40/);
    refuses(() => readPublic('metadata\ncurve\n    id = 1\n', 'f'), /no line `public-key/);
    refuses(() => readPublic('', 'f'), /no line/);
  });

  it('refuses a secret where a public key belongs', () => {
    const { publicKey, secretKey } = newKeyPair();
    const secret = secretKey.reveal();
    const whole = formatSecretCertificate({ boxId: '1', publicKey, secretKey });
    refuses(() => parsePublicCertificate(whole, 'f'), /holds a secret key/, secret);
    const swapped = `curve\n    public-key = "${secret}"\n    secret-key = "${publicKey}"\n`;
    refuses(() => parseSecretCertificate(swapped, 'f'), /stands where/, secret);
    // Half of all 32-byte strings are no coordinate below 2^255 - 19, so no public key.
    const notPublic = z85Encode(Buffer.alloc(32, 0xff));
    refuses(() => parsePublicKey(notPublic, 'f'), /no public key/, notPublic);
    const prime = Buffer.concat([Buffer.from([0xed]), Buffer.alloc(30, 0xff), Buffer.from([0x7f])]);
    refuses(() => parsePublicKey(z85Encode(prime), 'f'), /no public key/);
    prime[0] = 0xec;
    assert.equal(parsePublicKey(z85Encode(prime), 'f'), z85Encode(prime));
  });

  it('refuses a pair of which the two do not belong together', () => {
    const [one, other] = [newKeyPair(), newKeyPair()];
    const secret = one.secretKey.reveal();
    refuses(() => parseKeyPair(other.publicKey, secret, 'f'), /does not belong/, secret);
    refuses(
      () => parseSecretCertificate(formatPublicCertificate({ boxId: '1', publicKey: one.publicKey }), 'f'),
      /no line `secret-key/,
    );
  });

  it("computes libzmq's public keys, and fills in a missing one", () => {
    const { publicKey, secretKey } = newKeyPair();
    assert.equal(publicKeyOf(secretKey), publicKey);
    assert.equal(parseSecretCertificate(`secret-key = "${secretKey.reveal()}"`, 'f').publicKey, publicKey);
  });

  it('takes ids from 0 to 2147483647', () => {
    for (const [text, id] of [
      ['0', '0'],
      ['0000', '0'],
      ['1', '1'],
      ['0042', '42'],
      ['2147483647', '2147483647'],
    ] as const) {
      assert.equal(parseBoxId(text, 'f'), id);
    }
    for (const text of ['', '-1', '2147483648', '1.5', '1e3', 'one', ' 1', '../1']) {
      refuses(() => parseBoxId(text, 'f'), /number from 0/);
    }
  });

  it('never shows a secret', () => {
    const pair = newKeyPair();
    const secret = pair.secretKey.reveal();
    const shown = [
      `${pair.secretKey}`,
      JSON.stringify(pair),
      inspect(pair, { depth: 5, showHidden: true }),
      String(new SecretKey(secret)),
    ];
    for (const text of shown) assert.ok(!text.includes(secret));
    refuses(
      () => parseKeyPair(pair.publicKey, secret.slice(0, 39), 'f'),
      /39 characters/,
      secret.slice(0, 39),
    );
    refuses(
      () => parseKeyPair(pair.publicKey, `${secret.slice(0, 39)}"`, 'f'),
      /not Z85/,
      secret.slice(0, 39),
    );
  });
});
