/** Runs peer.py. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { pythonWith } from '../support/python.js';

/** An interpreter with the packages, or undefined where they cannot be had (reported loudly). */
export const python = (): Promise<string | undefined> => pythonWith('pqopen-lib==0.10.5', 'numpy==2.4.6');

const SCRIPT = path.join(PACKAGE_ROOT, 'test/signal/peer.py');

/** @param job what peer.py takes, but for the file */
export async function ask<T>(interpreter: string, x: Float64Array, job: Record<string, unknown>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'makai-signal-'));
  try {
    const file = path.join(folder, 'volts.f64');
    writeFileSync(file, new Uint8Array(x.buffer, x.byteOffset, x.byteLength));
    return await new Promise<T>((resolve, reject) => {
      const child = execFile(interpreter, [SCRIPT], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`));
        else resolve(JSON.parse(stdout) as T);
      });
      child.stdin?.end(JSON.stringify({ file, ...job }));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
