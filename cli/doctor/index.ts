/** All checks of `makai doctor`, area by area. */
import { certifiedIds } from '../box-status/expected.js';
import { boxes } from './boxes.js';
import { configuration } from './configuration.js';
import { daemons } from './daemons.js';
import { examine } from './deployment.js';
import { AREAS, type Diagnosis } from './diagnosis.js';
import { ofInstance } from './instance.js';
import { keys } from './keys.js';
import { keysInForce } from './keys-in-force.js';
import { clock, disk, versions } from './machine.js';
import { plugins } from './plugins.js';
import { ports } from './ports.js';
import { references } from './references.js';
import { store } from './store.js';
import { readStored } from './stored.js';
import { serviceUser, type User } from './user.js';

/**
 * @param folder working folder of `makai up`, or settings of an instance; without it the default files
 * @param user the user whose rights on files are checked
 */
export async function diagnose(folder: string | undefined, user?: User): Promise<Diagnosis[]> {
  const who = user ?? (await serviceUser(folder));
  const deployment = await examine(folder);
  // First, because SQLite creates files beside a database that is inspected, and changes their owner only a moment later.
  const rights = await disk(deployment, who);
  const stored = await readStored(deployment);
  const found = await Promise.all([
    versions(deployment),
    configuration(deployment),
    keys(deployment, who, stored),
    keysInForce(deployment),
    ports(deployment),
    clock(),
    store(deployment),
    daemons(deployment),
    boxes(deployment, folder, stored, await certifiedIds(deployment, stored)),
    references(deployment['triggering-service'].settings?.reference, stored),
    plugins(deployment),
  ]);
  const all = new Map(
    [rights, ...found].flat().map((one) => [JSON.stringify(one), ofInstance(one, folder)] as const),
  );
  return [...all.values()].sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
}
