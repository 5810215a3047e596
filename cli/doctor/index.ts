/** All that `makai doctor` looks at, area by area. */
import { configuration } from './configuration.js';
import { daemons } from './daemons.js';
import { examine } from './deployment.js';
import { AREAS, type Diagnosis } from './diagnosis.js';
import { keys } from './keys.js';
import { clock, disk, versions } from './machine.js';
import { ports } from './ports.js';
import { store } from './store.js';

/** @param folder working folder of `makai up`; the default files without it */
export async function diagnose(folder: string | undefined): Promise<Diagnosis[]> {
  const deployment = await examine(folder);
  const found = await Promise.all([
    versions(deployment),
    configuration(deployment),
    keys(deployment),
    ports(deployment),
    clock(),
    store(deployment),
    disk(deployment),
    daemons(deployment),
  ]);
  return found.flat().sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
}
