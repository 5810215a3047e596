#!/usr/bin/env node
import { CommanderError } from 'commander';
import { reportError } from '../common/report-error.js';
import { endWhenOutputFails, exitCodeOf } from './errors.js';
import { buildProgram } from './program.js';

endWhenOutputFails();
try {
  await buildProgram().parseAsync();
} catch (error) {
  // Commander has already reported its own errors.
  if (!(error instanceof CommanderError)) reportError(error);
  process.exitCode = exitCodeOf(error);
}
