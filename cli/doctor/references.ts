/** References of boxes that stand in the store: what boxes cannot measure on a grid that has not 60 Hz. That of the settings is in their own notes. */
import { offFrequencyText } from '../../config/notes.js';
import { type Reference, type ReferenceSource, References, referenceData } from '../../store/reference.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { listed, type Stored } from './stored.js';

const { note } = reporter('boxes');

const PLACES: Readonly<Record<ReferenceSource, string>> = {
  box: 'in the records of the boxes (nominal_frequency)',
  override: 'in makai_config (triggering_overrides, ref_f)',
  makai_config: 'in makai_config (default_ref_f)',
  settings: 'in the settings',
};

/** @param ofSettings that of the triggering service's file */
export function references(ofSettings: Reference | undefined, { boxes, config }: Stored): Diagnosis[] {
  const found = new References(ofSettings, referenceData(config, boxes));
  const groups = new Map<string, { frequency: number; from: ReferenceSource; ids: string[] }>();
  for (const { box_id, kind } of boxes) {
    // What is measured there is not measured by a box.
    if (kind !== undefined) continue;
    const { frequency, frequencyFrom: from } = found.of(Number(box_id));
    if (from === 'settings') continue;
    const group = groups.get(`${from} ${frequency}`) ?? { frequency, from, ids: [] };
    group.ids.push(box_id);
    groups.set(`${from} ${frequency}`, group);
  }
  return [...groups.values()].flatMap(({ frequency, from, ids }) => {
    const message = offFrequencyText(frequency);
    if (message === undefined) return [];
    const todo = `nothing, if the grid has ${frequency} Hz; else correct it ${PLACES[from]}`;
    return [note(`${ids.length === 1 ? 'box' : 'boxes'} ${listed(ids)}`, message, todo)];
  });
}
