/** `makai doctor`: finds what is wrong and says what to do. */
import type { Command } from 'commander';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import type { Diagnosis } from '../doctor/diagnosis.js';
import { clean } from '../output.js';

const MARKS = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' } as const;

export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'Check configuration, keys, permissions, ports, clock, store, versions and disk. The exit code is 1 if something is wrong. Nothing is changed.',
    )
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option(
      '--config <folder>',
      'a folder with the settings files of the daemons, for an instance (/etc/makai/NAME) or another installation on this machine',
    )
    .option('--json', 'NDJSON, one finding per line')
    .action(async (options: { config?: string; dir?: string; json?: true }) => {
      const [{ diagnose }, { serviceUser }, { checkWorkingFolder }] = await Promise.all([
        import('../doctor/index.js'),
        import('../doctor/user.js'),
        import('../working-folder.js'),
      ]);
      const folder = options.dir ?? options.config;
      checkWorkingFolder(folder);
      // The daemons of an instance run as the user of the units, those of `makai up` as the user who starts it.
      const found = await diagnose(folder, await serviceUser(options.dir));
      for (const one of found) await write(options.json ? jsonLine(one) : describe(one));
      const wrong = found.filter(({ verdict }) => verdict === 'wrong').length;
      if (!options.json) await write(wrong === 0 ? 'nothing is wrong\n' : `${wrong} wrong\n`);
      if (wrong > 0) process.exitCode = EXIT.failed;
    });
}

function describe({ area, subject, verdict, message, todo }: Diagnosis): string {
  const lines = message.split('\n').map((line) => clean(line));
  const todoLine = todo === undefined ? [] : [clean(`         do: ${todo}`)];
  return `${[`${MARKS[verdict]}  ${area.padEnd(13)}  ${clean(subject)}: ${lines.join('\n         ')}`, ...todoLine].join('\n')}\n`;
}
