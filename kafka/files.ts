/** The files that the setting `kafka` names. */
import { readFileOf, readPasswordOf, readSecretOf } from '../common/setting-files.js';
import type { KafkaServers } from '../config/settings.js';

/** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED */
export function checkKafkaFiles({ sasl, tls }: KafkaServers): void {
  if (tls !== undefined) tlsOf(tls);
  if (sasl !== undefined) saslOf(sasl);
}

export function tlsOf({ ca, cert, key }: NonNullable<KafkaServers['tls']>) {
  return {
    ...(ca === undefined ? {} : { ca: readFileOf('kafka.tls.ca', ca) }),
    ...(cert === undefined ? {} : { cert: readFileOf('kafka.tls.cert', cert) }),
    ...(key === undefined ? {} : { key: readSecretOf('kafka.tls.key', key) }),
  };
}

export function saslOf({ mechanism, passwordFile, user }: NonNullable<KafkaServers['sasl']>) {
  return {
    mechanism,
    username: user,
    password: readPasswordOf('kafka.sasl.password_file', passwordFile),
  };
}
