/** Loaded first by mocha (.mocharc.json): a property test that names no number of runs has `runs(100)`. */
import fc from 'fast-check';
import { runs } from './property.js';

fc.configureGlobal({ numRuns: runs(100) });
