/** What several settings have in common that say how a server of others is reached. */
import { field } from './field.js';
import { path } from './types.js';

export const optionalPath = (title: string, description: string) =>
  field(path().optional(), { title, description, from: 'ours' });

/** A client's certificate for TLS. */
export const clientCertificateFields = () => ({
  cert: optionalPath('Client certificate', 'PEM file, together with `key`.'),
  key: optionalPath(
    'Private key of the client',
    'PEM file with the key of `cert`. It is refused if other users can read it.',
  ),
});
