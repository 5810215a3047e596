/** The JSON file of a Box 3: its keys, the server's public key, its endpoints (docs/wire-protocols.md, 3.2). Other settings in it are ignored. */
import { z } from 'zod';
import { MakaiError } from '../common/errors.js';
import { foundKind, pathText } from '../config/findings.js';
import { readConfigFile } from '../config/load.js';
import { type KeyPair, newKeyPair, parseKeyPair, parsePublicKey } from '../keys/key.js';
import { type BoxEndpoints, DEFAULT_ENDPOINTS } from './endpoints.js';

const SCHEMA = z.looseObject({
  box_id: z.int().min(0).max(0x7fff_ffff),
  server_public_key: z.string(),
  box_public_key: z.string().optional(),
  box_secret_key: z.string().optional(),
  trg_push_ep: z.string().default(DEFAULT_ENDPOINTS.measurements),
  cmd_sub_ep: z.string().default(DEFAULT_ENDPOINTS.commands),
  cmd_push_ep: z.string().default(DEFAULT_ENDPOINTS.replies),
  calibration: z.number().positive().optional(),
  windows_per_measurements: z.int().min(1).default(60),
  windows_in_storage_buffer: z.int().min(1).default(3000),
});

export interface Box3Settings {
  id: number;
  serverPublicKey: string;
  keys: KeyPair;
  /** true: the file has no keys, so this key pair is new and an allow-list will refuse it */
  freshKeys: boolean;
  endpoints: BoxEndpoints;
  calibrationConstant?: number;
  measurementWindowCycles: number;
  bufferCycles: number;
}

/** @throws MakaiError CONFIG_INVALID (lists every mistake), CONFIG_UNREADABLE, KEY_INVALID */
export function readBox3Settings(file: string): Box3Settings {
  return parseBox3Settings(readConfigFile(file).value, file);
}

/**
 * @param where name of the file in errors; values of keys never appear in errors
 * @throws MakaiError CONFIG_INVALID, KEY_INVALID
 */
export function parseBox3Settings(value: unknown, where: string): Box3Settings {
  const result = SCHEMA.safeParse(value);
  if (!result.success) {
    const lines = result.error.issues.map(({ path, message }) => {
      const found = path.reduce<unknown>(
        (inner, part) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, part) : undefined),
        value,
      );
      return `  ${pathText(path)}: ${message.replace(/, received .*/, '')}, found ${foundKind(found)}`;
    });
    throw new MakaiError(
      'CONFIG_INVALID',
      [`${where} is not a settings file of a Box 3:`, ...lines].join('\n'),
    );
  }
  const { box_public_key, box_secret_key, server_public_key, calibration, ...rest } = result.data;
  // with only one of the two keys, a Box 3 makes a new key pair
  const complete = box_public_key !== undefined && box_secret_key !== undefined;
  return {
    id: rest.box_id,
    serverPublicKey: parsePublicKey(server_public_key, `${where}: server_public_key`),
    keys: complete ? parseKeyPair(box_public_key, box_secret_key, where) : newKeyPair(),
    freshKeys: !complete,
    endpoints: { measurements: rest.trg_push_ep, commands: rest.cmd_sub_ep, replies: rest.cmd_push_ep },
    measurementWindowCycles: rest.windows_per_measurements,
    bufferCycles: rest.windows_in_storage_buffer,
    ...(calibration !== undefined && { calibrationConstant: calibration }),
  };
}
