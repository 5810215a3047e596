/** `makai install --systemd`, `makai uninstall`. */
import type { Command } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { write } from '../../common/stdout.js';
import { UsageError } from '../errors.js';
import type { Step } from '../install/steps.js';

interface Options {
  systemd?: true;
  instance?: string;
  yes?: true;
  root?: string;
}

interface UninstallOptions {
  instance?: string;
  purge?: true;
  yes?: true;
  root?: string;
}

export function register(program: Command): void {
  program
    .command('install')
    .description(
      'Install the daemons as services on this machine. Without --yes it only prints what it would do. Settings that exist stay; of units that you edited the edit stays, as a drop-in where possible.',
    )
    .option('--systemd', 'units, the user opq, folders, initial settings files')
    .option(
      '--instance <name>',
      'with --systemd: also folders and settings of an instance, a further installation with ports, keys and store of its own (/etc/makai/NAME)',
    )
    .option('--yes', 'make the changes; without it they are only printed')
    .option('--root <dir>', 'write below this folder and run no commands (to build a package or an image)')
    .action(install);
  program
    .command('uninstall')
    .description(
      'Stop the daemons and remove what `makai install` wrote. Data, settings and keys stay; it says what stays. Asks first.',
    )
    .option('--instance <name>', 'only this instance')
    .option('--purge', 'also remove data, settings, keys, drop-ins and the user opq')
    .option('--yes', 'do not ask')
    .option('--root <dir>', 'remove below this folder and run no commands')
    .action(uninstall);
}

async function install({ systemd, instance, yes, root }: Options): Promise<void> {
  if (!systemd) throw new UsageError('give --systemd');
  const [{ outOfReach }, { installPlan, NEXT_STEPS }, { instancePlan, nextSteps }] = await Promise.all([
    import('../install/reach.js'),
    import('../install/plan.js'),
    import('../install/instance.js'),
  ]);
  const reasons = outOfReach();
  if (reasons.length > 0) {
    throw new MakaiError('INSTALL_PATH_UNREADABLE', reasons.join('; '), {
      hint: 'Install Node and this package where every user may read them (npm install -g below /usr or /opt), and run makai from there.',
    });
  }
  const steps = installPlan(root === undefined ? {} : { root });
  if (instance !== undefined) steps.push(...instancePlan(instance, root));
  if (!yes) return printPlan(steps);
  await performPlan(steps);
  const next = instance === undefined ? NEXT_STEPS : nextSteps(instance);
  await write(`Next:\n${next.map((step) => `  ${step}\n`).join('')}`);
}

async function uninstall({ instance, purge, yes, root }: UninstallOptions): Promise<void> {
  const [{ uninstallPlan }, { canAsk, confirm }] = await Promise.all([
    import('../install/uninstall.js'),
    import('../confirm.js'),
  ]);
  const steps = uninstallPlan({ ...(root !== undefined && { root }), instance, purge: purge === true });
  if (yes) return performPlan(steps);
  if (!canAsk()) return printPlan(steps);
  await write(planText(steps));
  if (await confirm('Do it?')) await performPlan(steps);
  else await write('Nothing was done.\n');
}

function printPlan(steps: readonly Step[]): Promise<void> {
  return write(`${planText(steps)}Nothing was done. Add --yes to do it.\n`);
}

function planText(steps: readonly Step[]): string {
  return `Would do:\n${steps.map(({ text }) => `  ${text}\n`).join('')}`;
}

async function performPlan(steps: readonly Step[]): Promise<void> {
  const { perform } = await import('../install/steps.js');
  const lines: string[] = [];
  try {
    perform(steps, (line) => lines.push(line));
  } finally {
    await write(lines.map((line) => `${line}\n`).join(''));
  }
}
