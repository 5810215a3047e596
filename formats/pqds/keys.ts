/** Metadata keys that PQDS reserves (PQDS.CSV specification, 2.1): their data types and units, as a writer lays them down. */

/** E: whole number from 0 to 32,767; N: number; A: letters, digits, dot, hyphen, underscore; T: text; B: 0 or 1 */
export type KeyType = 'E' | 'N' | 'A' | 'T' | 'B';

export interface Key {
  name: string;
  type: KeyType;
  unit?: string;
  note: string;
}

/** Those that we write; a file may have any other. */
export const KEYS = {
  deviceName: { name: 'DeviceName', type: 'T', note: 'Meter or measurement device name' },
  deviceLocation: { name: 'DeviceLocation', type: 'T', note: 'Meter or device location name' },
  nominalFrequency: { name: 'NominalFrequency', type: 'N', unit: 'Hz', note: 'Nominal frequency' },
  eventId: { name: 'EventID', type: 'T', note: 'A user defined ID for this event' },
  eventYear: { name: 'EventYear', type: 'E', note: 'Year' },
  eventMonth: { name: 'EventMonth', type: 'E', note: 'Month' },
  eventDay: { name: 'EventDay', type: 'E', note: 'Day of month' },
  eventHour: { name: 'EventHour', type: 'E', note: 'Hour' },
  eventMinute: { name: 'EventMinute', type: 'E', note: 'Minute' },
  eventSecond: { name: 'EventSecond', type: 'E', note: 'Second' },
  eventNanoSecond: { name: 'EventNanoSecond', type: 'N', note: 'Nanosecond' },
  eventDate: { name: 'EventDate', type: 'T', note: 'Event date' },
  eventTime: { name: 'EventTime', type: 'T', note: 'Event time' },
  eventTimeZone: { name: 'EventTimeZone', type: 'T', note: 'Event time zone' },
  dataType: { name: 'WaveformDataType', type: 'E', note: '0 = point-on-wave, 1 = RMS' },
} as const satisfies Record<string, Key>;

/** Keys that some programs write under another name. */
export const ALIASES: Readonly<Record<string, string>> = {
  eventdayofmonth: 'eventday',
  eventnanoseconds: 'eventnanosecond',
  waveformdatatypeflag: 'waveformdatatype',
};

/** What a reserved measurement name means. */
export const MEASUREMENTS: Readonly<Record<string, { phase: string; unit: string; quantity: string }>> = {
  va: { phase: 'A', unit: 'V', quantity: 'voltage' },
  vb: { phase: 'B', unit: 'V', quantity: 'voltage' },
  vc: { phase: 'C', unit: 'V', quantity: 'voltage' },
  vn: { phase: 'N', unit: 'V', quantity: 'voltage' },
  ia: { phase: 'A', unit: 'A', quantity: 'current' },
  ib: { phase: 'B', unit: 'A', quantity: 'current' },
  ic: { phase: 'C', unit: 'A', quantity: 'current' },
  in: { phase: 'N', unit: 'A', quantity: 'current' },
  f: { phase: '', unit: 'Hz', quantity: 'frequency' },
};

/** First field of the row that names the measurements; reserved. */
export const DATA_FLAG = 'waveform-data';
/** Our keys, as the specification wants those of an organisation: `domain.key`. Number: of the column, from 1 on. */
export const OWN_DOMAIN = 'makai';
/** Our own key of a column that has no sample in some rows: those of faster channels. */
export const SOME_ROWS = 'some';
