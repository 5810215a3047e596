/** All that `makai doctor` looks at, area by area. */
import { configuration } from './configuration.js';
import { daemons } from './daemons.js';
import { examine } from './deployment.js';
import { AREAS, type Diagnosis } from './diagnosis.js';
import { keys } from './keys.js';
import { clock, disk, versions } from './machine.js';
import { ports } from './ports.js';
import { store } from './store.js';
import { serviceUser, type User } from './user.js';

/**
 * @param folder working folder of `makai up`; the default files without it
 * @param user whose rights on files count
 */
export async function diagnose(folder: string | undefined, user?: User): Promise<Diagnosis[]> {
  const who = user ?? (await serviceUser(folder));
  const deployment = await examine(folder);
  // First, since SQLite makes files of its own beside a database that is looked at, and gives them to its owner a moment later.
  const rights = await disk(deployment, who);
  const found = await Promise.all([
    versions(deployment),
    configuration(deployment),
    keys(deployment, who),
    ports(deployment),
    clock(),
    store(deployment),
    daemons(deployment),
  ]);
  return [rights, ...found].flat().sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
}
