/** `makai notify test`. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { MakaiError, messageOf } from '../../common/errors.js';
import { write } from '../../common/stdout.js';

export function register(program: Command): void {
  const notify = program.command('notify').description('Notifications of the gateway.');
  notify
    .command('test')
    .description('Send a test message through every channel of a recipient, now and without the queue.')
    .argument('<recipient>', 'its name in the file')
    .option('--file <F>', 'file of recipients', '/etc/opq/notify.yaml')
    .action(test);
}

async function test(name: string, { file }: { file: string }): Promise<void> {
  const { messageOf: toMessage, readNotifyFile, send } = await import('../../gateway/notify/index.js');
  const { recipients } = readNotifyFile(file);
  const recipient = recipients.find((one) => one.name === name);
  if (recipient === undefined) {
    const names = recipients.map((one) => one.name).join(', ');
    throw new MakaiError('NOT_FOUND', `there is no recipient ${name} in ${file}`, {
      hint: names === '' ? 'The file has no recipients, or is not there.' : `It has: ${names}`,
    });
  }
  const failures: string[] = [];
  for (const channel of recipient.channels) {
    const message = toMessage(`test-${randomUUID()}`, {
      title: 'Test of Makai',
      body: `This is a test message for ${name}. Nothing happened.`,
    });
    try {
      await send(channel, message);
      await write(`${channel.type}: accepted\n`);
    } catch (error) {
      failures.push(messageOf(error));
      await write(`${channel.type}: failed\n`);
    }
  }
  if (failures.length > 0) throw new MakaiError('NOTIFY_FAILED', failures.join('\n'));
}
