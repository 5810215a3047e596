/** Units that are stopped and not started any more, before their files go. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { commands } from './plan.js';
import { isAt, type Step } from './steps.js';

/** What this machine has of systemd: a container or an image under construction may lack one or both. */
export interface Systemd {
  /** the command systemctl */
  hasCommand: boolean;
  /** whether systemd runs: without it units can be disabled, but nothing is to be stopped */
  isRunning: boolean;
}

/** The step that stops and disables units. None below another root. */
export function disableUnits(root: string, units: readonly string[], folders: readonly string[]): Step[] {
  const command = disableCommand(root, units, folders, presentSystemd());
  return command === undefined ? [] : commands(root, command);
}

/**
 * The command that stops and disables those of the units that systemd has: it would refuse all of them if one were missing.
 * @param folders where their files may be; those of an instance are templates
 * @returns undefined where there is nothing to disable, or no systemctl
 */
export function disableCommand(
  root: string,
  units: readonly string[],
  folders: readonly string[],
  systemd: Systemd,
): [program: string, ...args: string[]] | undefined {
  if (!systemd.hasCommand) return undefined;
  const present = units.filter((unit) => {
    const file = unit.replace(/@.*(?=\.service$)/, '@');
    return folders.some((folder) => isAt(`${root}${folder}/${file}`));
  });
  if (present.length === 0) return undefined;
  return ['systemctl', 'disable', ...(systemd.isRunning ? ['--now'] : []), ...present];
}

function presentSystemd(): Systemd {
  return { hasCommand: isOnPath('systemctl'), isRunning: isAt('/run/systemd/system') };
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
