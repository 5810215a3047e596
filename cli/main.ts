#!/usr/bin/env node
import { endQuietlyOnClosedPipe, exitCodeOf, tell } from './errors.js';
import { buildProgram } from './program.js';

endQuietlyOnClosedPipe();
try {
  await buildProgram().parseAsync();
} catch (error) {
  tell(error);
  process.exitCode = exitCodeOf(error);
}
