/**
 * What every field of a configuration carries beside its check: a title, a description, which generation of files has it. Error messages,
 * `makai config check` and docs/configuration.md all read it here, so that they cannot disagree.
 */
import { z } from 'zod';

/** Which generation of existing files has the field: v2 (2018), v3 (2020), both, or neither (ours). */
export type Origin = 'v2' | 'v3' | 'v2, v3' | 'ours';

export interface FieldInfo {
  title: string;
  description: string;
  from: Origin;
  /** Its value is never printed. */
  secret?: true;
  /** What the reference says where the default is not a plain value. */
  defaultText?: string;
}

const infos = z.registry<FieldInfo>();
const expectations = z.registry<{ expected: string }>();

/** Attaches what a person needs to know about a field. Call it on the finished schema, after `.default()` or `.optional()`. */
export function field<S extends z.ZodType>(schema: S, info: FieldInfo): S {
  infos.add(schema, info);
  return schema;
}

/** A field that no existing file has. */
export function ours<S extends z.ZodType>(schema: S, title: string, description: string): S {
  return field(schema, { title, description, from: 'ours' });
}

/** Attaches what a value should be, in words that follow "expected". */
export function expecting<S extends z.ZodType>(schema: S, expected: string): S {
  expectations.add(schema, { expected });
  return schema;
}

export function infoOf(schema: z.core.$ZodType): FieldInfo | undefined {
  return infos.get(schema);
}

/** The schema inside `.optional()`, `.default()` and the like. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.def.innerType);
  }
  return schema;
}

/** What a value of this schema should be, in words. */
export function expectedOf(schema: z.core.$ZodType): string | undefined {
  return expectations.get(schema)?.expected ?? expectations.get(unwrap(schema))?.expected;
}

/** The fields of an object schema in their order, or undefined when it is not an object. */
export function shapeOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}
