/** `makai install --systemd`. */
import type { Command } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { write } from '../../common/stdout.js';
import { UsageError } from '../errors.js';
import { installPlan, NEXT_STEPS, perform } from '../install/plan.js';
import { outOfReach } from '../install/reach.js';

interface Options {
  systemd?: true;
  yes?: true;
  root?: string;
}

export function register(program: Command): void {
  program
    .command('install')
    .description(
      'Install the daemons as services on this machine. Without --yes it only prints what it would do.',
    )
    .option('--systemd', 'units, the user opq, folders, initial settings files')
    .option('--yes', 'do it, do not only print it')
    .option('--root <dir>', 'write below this folder and run no commands (to build a package or an image)')
    .action(install);
}

async function install({ systemd, yes, root }: Options): Promise<void> {
  if (!systemd) throw new UsageError('give --systemd');
  const reasons = outOfReach();
  if (reasons.length > 0) {
    throw new MakaiError('INSTALL_PATH_UNREADABLE', reasons.join('; '), {
      hint: 'Install Node and this package where every user may read them (npm install -g below /usr or /opt), and run makai from there.',
    });
  }
  const steps = installPlan(root === undefined ? {} : { root });
  if (!yes) {
    await write(
      `Would do:\n${steps.map(({ text }) => `  ${text}\n`).join('')}Nothing was done. Add --yes to do it.\n`,
    );
    return;
  }
  const lines: string[] = [];
  try {
    perform(steps, (line) => lines.push(line));
  } finally {
    await write(lines.map((line) => `${line}\n`).join(''));
  }
  await write(`Next:\n${NEXT_STEPS.map((step) => `  ${step}\n`).join('')}`);
}
