/** What a meter publishes: whatever JSON its maker chose. */
import { z } from 'zod';

export const meterMessage = z
  .union([z.record(z.string(), z.unknown()), z.array(z.unknown()), z.number()])
  .meta({
    description: 'JSON of at most 65,536 bytes. Where the values are in it, the setting `meters.topics` says',
  });
