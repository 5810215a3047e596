/** All checks of `makai doctor`, area by area. */
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
 * @param folder working folder of `makai up`; without it the default files
 * @param user the user whose rights on files are checked
 */
export async function diagnose(folder: string | undefined, user?: User): Promise<Diagnosis[]> {
  const who = user ?? (await serviceUser(folder));
  const deployment = await examine(folder);
  // First, because SQLite creates files beside a database that is inspected, and changes their owner only a moment later.
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
