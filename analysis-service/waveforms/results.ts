/** What is found in a waveform, before it is stored and after. */
import type { IncidentCandidate } from '../../signal/index.js';
import type { IncidentDocument } from '../../store/store.js';
import type { WaveformInput } from './input.js';

/** What was found in one waveform. */
export interface Analysed {
  found: Found[];
  remarks: string[];
}

/** An incident, and the samples that show it. */
export interface Found {
  candidate: IncidentCandidate;
  samples: WaveformInput['samples'];
}

/** What the analysis of one waveform gave. */
export interface WaveformResult {
  boxId: string;
  /** as they are stored */
  incidents: IncidentDocument[];
  /** of the incidents, those that were not known before */
  added: IncidentDocument[];
  remarks: string[];
}
