/** The `makai` program. Every subcommand is listed here; none registers itself. */
import { Command } from 'commander';
import { VERSION } from '../common/version.js';
import { register as acquisitionBroker } from './commands/acquisition-broker.js';
import { register as alerts } from './commands/alerts.js';
import { register as analyse } from './commands/analyse.js';
import { register as analysisService } from './commands/analysis-service.js';
import { register as audit } from './commands/audit.js';
import { register as box } from './commands/box.js';
import { register as boxes } from './commands/boxes.js';
import { register as completion } from './commands/completion.js';
import { register as config } from './commands/config.js';
import { register as doctor } from './commands/doctor.js';
import { register as events } from './commands/events.js';
import { register as gateway } from './commands/gateway.js';
import { register as importFiles } from './commands/import.js';
import { register as incidents } from './commands/incidents.js';
import { register as install } from './commands/install.js';
import { register as keys } from './commands/keys.js';
import { register as listen } from './commands/listen.js';
import { register as measurements } from './commands/measurements.js';
import { register as notify } from './commands/notify.js';
import { register as plugin } from './commands/plugin.js';
import { register as report } from './commands/report.js';
import { register as request } from './commands/request.js';
import { register as series } from './commands/series.js';
import { register as status } from './commands/status.js';
import { register as store } from './commands/store.js';
import { register as survey } from './commands/survey.js';
import { register as trends } from './commands/trends.js';
import { register as triggeringBroker } from './commands/triggering-broker.js';
import { register as triggeringService } from './commands/triggering-service.js';
import { register as up } from './commands/up.js';
import { register as users } from './commands/users.js';
import { register as webService } from './commands/web-service.js';

/** Adds one subcommand to the program. */
export type Register = (program: Command) => void;

const COMMANDS: readonly Register[] = [
  up,
  events,
  incidents,
  alerts,
  notify,
  importFiles,
  measurements,
  trends,
  series,
  report,
  survey,
  listen,
  boxes,
  analyse,
  store,
  audit,
  request,
  box,
  plugin,
  config,
  keys,
  users,
  doctor,
  install,
  completion,
  status,
  triggeringBroker,
  acquisitionBroker,
  triggeringService,
  analysisService,
  webService,
  gateway,
];

/** A program with all subcommands. It throws CommanderError and does not exit the process. */
export function buildProgram(): Command {
  const program = new Command('makai')
    .description('Power-quality acquisition backend for OPQ Boxes.')
    .version(VERSION)
    .showHelpAfterError('(add --help for usage)')
    .exitOverride();
  for (const register of COMMANDS) register(program);
  return program;
}

/** All commands below one, depth first. */
export function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}
