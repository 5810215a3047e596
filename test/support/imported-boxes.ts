/** Boxes as `makai import` makes them: they have waveforms and never measure. */
import type { BoxDocument, Store } from '../../store/store.js';

export const IMPORTED_IDS = ['1000000000', '1000000001', '1000000002'] as const;

/** Stores three phases of one location. */
export async function putImportedBoxes(store: Pick<Store, 'putBox'>, location: string): Promise<void> {
  for (const box_id of IMPORTED_IDS) {
    const box: BoxDocument = {
      box_id,
      name: `Mill Lane ${box_id}`,
      calibration_constant: 120,
      unplugged: true,
      location,
      kind: 'import',
    };
    await store.putBox(box);
  }
}
