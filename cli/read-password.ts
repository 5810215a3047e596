/** A password from whoever runs a command: asked for on a terminal, where it is not shown, else the first line of the standard input. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { MIN_PASSWORD } from '../web-service/index.js';
import { UsageError } from './errors.js';

const MAX_LENGTH = 200;

/** 18 random bytes: 24 letters, digits, - and _ */
export const generatedPassword = (): string => randomBytes(18).toString('base64url');

/** @throws UsageError for one that is too short or too long, or two that differ */
export async function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  const password = isTerminal ? await hidden('Password: ') : await firstLine();
  if (password.length < MIN_PASSWORD || password.length > MAX_LENGTH)
    throw new UsageError(
      `the password has ${password.length} characters; expected ${MIN_PASSWORD} to ${MAX_LENGTH}`,
    );
  if (isTerminal && (await hidden('Again: ')) !== password) throw new UsageError('the two passwords differ');
  return password;
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

function hidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nothing, terminal: true });
  return new Promise((resolve) => {
    reader.question('', (answer) => {
      reader.close();
      process.stderr.write('\n');
      resolve(answer);
    });
  });
}
