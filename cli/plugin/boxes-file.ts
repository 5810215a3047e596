/** Records of boxes for a replay: what `makai boxes list --json` prints, or a list of the same objects. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { BoxDocument } from '../../store/store.js';

const box = z.object({
  box_id: z.union([z.string().regex(/^\d{1,10}$/), z.int().min(0)]).transform(String),
  location: z.string().optional(),
  calibration_constant: z.number().positive().default(1),
  nominal_voltage: z.number().positive().optional(),
  nominal_frequency: z.number().positive().optional(),
});

/** @throws MakaiError RECORDING_INVALID that names the place */
export function readBoxesFile(file: string): BoxDocument[] {
  let values: unknown[];
  try {
    const text = readFileSync(file, 'utf8').trim();
    const value: unknown = text.startsWith('[')
      ? JSON.parse(text)
      : text.split('\n').map((line) => JSON.parse(line));
    values = Array.isArray(value) ? value : [];
  } catch (error) {
    throw invalid(`${file} cannot be read as records of boxes: ${messageOf(error)}`);
  }
  return values.map((value, i) => {
    const { data, error } = box.safeParse(value);
    if (data) {
      const { location, nominal_voltage, nominal_frequency, ...rest } = data;
      return {
        ...rest,
        unplugged: false,
        ...(location === undefined ? {} : { location }),
        ...(nominal_voltage === undefined ? {} : { nominal_voltage }),
        ...(nominal_frequency === undefined ? {} : { nominal_frequency }),
      };
    }
    const [issue] = error.issues;
    throw invalid(`${file}, box ${i + 1}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a box'}`);
  });
}

function invalid(message: string): MakaiError {
  return new MakaiError('RECORDING_INVALID', message, {
    hint: '`makai boxes list --json` writes such a file.',
  });
}
