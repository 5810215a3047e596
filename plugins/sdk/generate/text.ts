/** What the generators share. */

/** First line of every generated file, in the comment style of all four languages. */
export const GENERATED = 'Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit.';

/** camelCase → snake_case. */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
