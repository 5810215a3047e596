/** Runs a command of the machine without blocking, for tests that start other programs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** working folder; that of the tests unless given */
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** killed after so long, ms; five minutes unless given */
  timeoutMs?: number;
}

/** Runs a command to its end, whatever its exit code. */
export async function attempt(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  const { cwd, env = process.env, timeoutMs = 300_000 } = options;
  const child = spawn(program, args, {
    ...(cwd !== undefined && { cwd }),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const result: CommandResult = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { ...result, code };
}

/**
 * Runs a command that must succeed.
 * @returns its standard output
 * @throws Error with the end of what it printed
 */
export async function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(' ')}: exit code ${code}\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
}
