/** Headers of every reply: what a browser may do with it. */

const NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** A page of its own with styles and drawings inside, and no script: a report. */
export const DOCUMENT_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/** The page: everything from this host; map tiles from one more, where they are configured. */
export function pageCsp(mapTiles: string | undefined): string {
  const tiles = mapTiles === undefined ? '' : ` ${originOf(mapTiles)}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: blob:${tiles}`,
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** `https://{s}.tile.example/{z}/{x}/{y}.png` → `https://*.tile.example` */
function originOf(address: string): string {
  const [, scheme = 'https', host = ''] = /^(https?):\/\/([^/]+)/.exec(address) ?? [];
  return `${scheme}://${host.replaceAll(/\{\w+\}/g, '*')}`;
}

export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': NOTHING,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'cache-control': 'private, no-cache',
  vary: 'Cookie, Authorization',
};

/** Where the connection is TLS. */
export const HSTS = 'max-age=31536000';
