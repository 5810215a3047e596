/** Questions on the terminal that are answered with yes or no. They go to stderr, so that stdout holds results only. */
import { createInterface } from 'node:readline/promises';

/** Where a question is asked and answered. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

const PROCESS: Terminal = { input: process.stdin, output: process.stderr };

/** Whether somebody can be asked. A script has no terminal: it gives an option such as --yes. */
export function canAsk({ input, output }: Terminal = PROCESS): boolean {
  return input.isTTY === true && output.isTTY === true;
}

/** Whether the reply is yes. Enter alone, anything else, the end of the input and Ctrl-C are no. */
export async function confirm(question: string, { input, output }: Terminal = PROCESS): Promise<boolean> {
  const prompt = createInterface({ input, output, terminal: input === process.stdin });
  try {
    const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
    const reply = await Promise.race([prompt.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(reply.trim());
  } finally {
    prompt.close();
  }
}
