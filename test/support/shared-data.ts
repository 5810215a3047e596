import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** Recordings and golden documents beside the project; tests that need them are skipped where they are absent. */
export const SHARED_DATA = join(PACKAGE_ROOT, '../shared/data');
