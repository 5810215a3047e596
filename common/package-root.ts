/** Where the package's own files are (proto files, built WebAssembly), run from the build in `dist/`. */
import { fileURLToPath } from 'node:url';

/** Absolute path of the folder that holds package.json. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
