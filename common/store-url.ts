/**
 * Which part of a store's URL may be shown, and whether it holds a secret. A password that should have been percent-encoded and was not
 * (`/`, `?`, `#`, `@` in it) makes the URL invalid, and errors show invalid URLs. So everything up to the last `@` counts as user and password.
 */
import { resolve } from 'node:path';

const BEFORE_HOST = /^([a-z][a-z0-9+.-]*:\/\/)(.*)@/is;
/** Options of MongoDB URLs whose values are secrets: tlsCertificateKeyFilePassword, tokens in authMechanismProperties, proxyPassword. */
const SECRET_OPTION = /[?&](?:[^=&]*password|authmechanismproperties)=/i;

/** Something else where a port belongs: a password, in a URL whose host was forgotten. */
const NO_PORT = /(:\/\/[^/[:]*|,[^/[:,]*):(?!\d+(?:[,/]|$))[^,/]*/g;

/** A URL as it may be shown: without user and password, and without options. */
export function shownUrl(url: string): string {
  return url.replace(BEFORE_HOST, '$1').replace(/\?.*$/s, '').replace(NO_PORT, '$1:…');
}

/** Whether a URL holds a password, or an option with a secret. */
export function holdsPassword(url: string): boolean {
  return (
    BEFORE_HOST.exec(url)?.[2]?.includes(':') === true || (url.includes('://') && SECRET_OPTION.test(url))
  );
}

/** What a store URL leads to, whoever asks: two URLs of one database or one file give the same text. A relative file is one of the current folder. */
export function placeOf(url: string): string {
  const shown = shownUrl(url);
  const match = /^mongodb(\+srv)?:\/\/([^/]+)(?:\/(.*))?$/i.exec(shown);
  if (match === null) {
    const file = /^sqlite:(?:\/\/(?=\/))?(?!:memory:)(.+)$/s.exec(shown)?.[1];
    return file === undefined ? shown : `sqlite:${resolve(file)}`;
  }
  const [, srv = '', hosts = '', database = ''] = match;
  const ports = hosts
    .toLowerCase()
    .split(',')
    .map((host) => (srv !== '' || /:\d+$/.test(host) ? host : `${host}:27017`))
    .sort();
  return `mongodb${srv}://${ports.join(',')}/${database === '' ? 'opq' : database}`;
}
