/** `makai boxes status`: one line a box, worst first. */
import { EXIT } from '../../common/report-error.js';
import { write } from '../../common/stdout.js';
import { type Column, clean, plural, print } from '../output.js';
import { duration } from '../status-text.js';
import { checkWorkingFolder } from '../working-folder.js';
import { type BoxStatusRow, readBoxStatus } from './read.js';

export interface BoxStatusOptions {
  dir?: string;
  missing?: true;
  json?: true;
}

/** The exit code is 1 if a box that is expected and in use is not heard, or the triggering service does not reply. */
export async function printBoxStatus(options: BoxStatusOptions): Promise<void> {
  checkWorkingFolder(options.dir);
  const { missing, rows, strangers } = await readBoxStatus(options.dir);
  for (const reason of missing) process.stderr.write(`${clean(`does not reply: ${reason}`)}\n`);
  const shown = options.missing ? rows.filter(({ why }) => why !== undefined) : rows;
  await print(shown, columns(Date.now()), options);
  if (
    rows.some(({ why }) => why !== undefined) ||
    missing.some((line) => line.startsWith('triggering-service'))
  )
    process.exitCode = EXIT.failed;
  if (options.json) return;
  const [heard, expected] = [rows.filter((row) => row.heard), rows.filter((row) => row.expected)];
  await write(`${plural(expected.length, 'box', 'boxes')} expected, ${heard.length} heard\n`);
  const said: [string, readonly string[]][] = [
    ['connections with another server key than ours come from', strangers.wrongServerKey],
    ['keys were refused (makai keys pending) from', strangers.refusedKeys],
  ];
  for (const [what, addresses] of said)
    if (addresses.length > 0) await write(`${clean(`${what}: ${addresses.join(', ')}`)}\n`);
  const [first] = rows.filter(({ record, heard: isHeard }) => record === false && isHeard);
  if (first !== undefined)
    await write(
      `boxes without a record have no name, place or calibration: makai boxes add ${clean(first.box_id)} --name <name> --location <place> --calibration <counts per volt>\n`,
    );
}

function columns(nowMs: number): Column<BoxStatusRow>[] {
  return [
    { title: 'box', value: ({ box_id }) => box_id, right: true },
    { title: 'name', value: ({ name }) => name },
    {
      title: 'expected',
      value: ({ expected, kind, unplugged }) => kind ?? (unplugged ? 'unplugged' : expected ? 'yes' : 'no'),
    },
    { title: 'heard', value: ({ heard }) => (heard ? 'yes' : 'no') },
    {
      title: 'last',
      value: ({ last_ms: ms }) =>
        ms === undefined ? 'never' : `${duration(Math.max(1, (nowMs - ms) / 1000))} ago`,
      right: true,
    },
    { title: 'per s', value: ({ per_second }) => per_second?.toFixed(1), right: true },
    { title: 'record', value: ({ record }) => (record === null ? '?' : record ? 'yes' : 'no') },
    { title: 'findings', value: ({ findings }) => findings.join(' ') },
    { title: 'why not', value: ({ why }) => why },
  ];
}
