/** Names of the daemons. In a file of its own, because the help of the commands shows them without loading the schemas. */
export const KIND_NAMES = [
  'triggering-broker',
  'acquisition-broker',
  'triggering-service',
  'analysis-service',
  'web-service',
  'gateway',
] as const;

export type Kind = (typeof KIND_NAMES)[number];
