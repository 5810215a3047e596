import assert from 'node:assert/strict';
import { parseSettings } from '../../config/parse.js';
import { Site, toSiteData } from '../../plugin-host/site.js';
import type { MakaiConfigDocument } from '../../store/documents.js';
import { DEFAULT_REFERENCE, References, referenceData } from '../../store/reference.js';

const percent = { f_low: 1, f_high: 1, v_low: 5, v_high: 5 };
const CONFIG: MakaiConfigDocument = {
  triggering: {
    default_ref_f: 50,
    default_ref_v: 230,
    default_threshold_percent_f_low: percent.f_low,
    default_threshold_percent_f_high: percent.f_high,
    default_threshold_percent_v_low: percent.v_low,
    default_threshold_percent_v_high: percent.v_high,
    default_threshold_percent_thd_high: 5,
    triggering_overrides: [
      {
        box_id: '7',
        ref_f: 60,
        ref_v: 277,
        threshold_percent_f_low: 1,
        threshold_percent_f_high: 1,
        threshold_percent_v_low: 5,
        threshold_percent_v_high: 5,
      },
      {
        box_id: '8',
        ref_f: 60,
        ref_v: 0,
        threshold_percent_f_low: 1,
        threshold_percent_f_high: 1,
        threshold_percent_v_low: 5,
        threshold_percent_v_high: 5,
      },
    ],
  },
};

describe('store/reference: nominal voltage and frequency of a box', () => {
  it('takes the override of the box, then the default of makai_config, then the settings', () => {
    const settings = { voltage: 100, frequency: 50 };
    const empty = new References(settings);
    assert.deepEqual(empty.of(7), {
      ...settings,
      voltageFrom: 'settings',
      frequencyFrom: 'settings',
    });
    const stored = new References(settings, referenceData(CONFIG));
    assert.deepEqual(stored.of(7), {
      voltage: 277,
      frequency: 60,
      voltageFrom: 'override',
      frequencyFrom: 'override',
    });
    assert.deepEqual(stored.of(1), {
      voltage: 230,
      frequency: 50,
      voltageFrom: 'makai_config',
      frequencyFrom: 'makai_config',
    });
  });

  it('passes over a value that no grid has', () => {
    const { voltage, voltageFrom, frequency } = new References(DEFAULT_REFERENCE, referenceData(CONFIG)).of(
      8,
    );
    assert.deepEqual([voltage, voltageFrom, frequency], [230, 'makai_config', 60]);
  });

  it('is the reference of the thresholds that plugins get', () => {
    const site = new Site(toSiteData(CONFIG, [], { voltage: 100, frequency: 50 }));
    assert.deepEqual(
      [7, 8, 9].map((id) => [site.thresholds(id)?.refV, site.reference(id).voltage]),
      [
        [277, 277],
        [230, 230],
        [230, 230],
      ],
    );
  });

  it('is what the file says: our own field, the threshold plugin as in existing files, 120 V and 60 Hz', () => {
    const of = (fields: Record<string, unknown>) => parseSettings('triggering-service', fields).reference;
    assert.deepEqual(of({}), { voltage: 120, frequency: 60 });
    const plugins = [
      {
        path: '/usr/local/lib/opq/plugins/libthreshold_trigger_plugin.so',
        reference_voltage: 230,
        reference_frequency: 50,
      },
    ];
    assert.deepEqual(of({ plugins }), { voltage: 230, frequency: 50 });
    assert.deepEqual(of({ plugins, nominal_voltage: 277 }), { voltage: 277, frequency: 50 });
    assert.deepEqual(of({ plugins: [{ path: 'threshold', reference_voltage: 'x' }] }), DEFAULT_REFERENCE);
  });
});
