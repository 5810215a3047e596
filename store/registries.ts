/** What people and administrators' commands change in a store, and what is counted there. */
import type {
  AlertDocument,
  AlertFields,
  AlertMarks,
  AlertQuery,
  AuditDocument,
  BoxDocument,
  LocationDocument,
  MakaiConfigDocument,
  Original,
  RulesDocument,
  TokenChoice,
  TokenDocument,
  UserChange,
  UserDocument,
} from './documents.js';
import type { BoxReader, IncidentReader } from './readers.js';

export interface IncidentRegistry extends IncidentReader {
  /** Adds a person's remark, once however often it is called. @returns false when there is no such incident */
  annotateIncident(incidentId: number, remark: string): Promise<boolean>;
}

/** An administrator's changes: no daemon makes them, so they are no writes of the outbox. */
export interface BoxRegistry extends BoxReader {
  /** Adds or replaces one box. */
  putBox(box: BoxDocument): Promise<void>;
  /** Adds a box, unless there is one of its id or name: of several who make the same id at the same time one succeeds. @returns whether it was added */
  addBox(box: BoxDocument): Promise<boolean>;
  removeBox(boxId: string): Promise<boolean>;
  putMakaiConfig(document: MakaiConfigDocument): Promise<void>;
}

/** Descriptions of locations, which people edit. */
export interface LocationRegistry {
  /** By slug; those that nobody has described are not here. */
  locations(): Promise<LocationDocument[]>;
  /** Adds or replaces one; its regions stay where none are named, and `[]` ends them. */
  putLocation(location: LocationDocument): Promise<void>;
}

/** Users of the web service, their sessions and tokens. */
export interface UserRegistry {
  /** By name. */
  users(): Promise<UserDocument[]>;
  user(name: string): Promise<UserDocument | undefined>;
  /** @returns false when there is a user of this name: it stays as it is */
  addUser(user: UserDocument): Promise<boolean>;
  /** Role, password or both; what is not named stays as it is. @returns false when there is no such user */
  changeUser(change: UserChange): Promise<boolean>;
  /** With sessions and tokens. @returns false when there was no such user */
  removeUser(name: string): Promise<boolean>;
  /** In the order in which they were added. */
  tokens(user?: string): Promise<TokenDocument[]>;
  token(hash: string): Promise<TokenDocument | undefined>;
  addToken(token: TokenDocument): Promise<void>;
  removeToken(hash: string): Promise<boolean>;
  /** @returns how many there were */
  removeTokens(choice: TokenChoice): Promise<number>;
  removeExpiredTokens(nowMs: number): Promise<number>;
}

/** Alerts. The gateway alone writes what they are, people say what they know of them: neither overwrites the other. */
export interface AlertRegistry {
  /** Adds or replaces what the gateway says of an alert; marks stay. */
  putAlert(alert: AlertFields): Promise<void>;
  /** Marks that are not named stay. @returns false when there is no such alert */
  markAlert(alertId: string, marks: AlertMarks): Promise<boolean>;
  alert(alertId: string): Promise<AlertDocument | undefined>;
  /** The newest first. */
  alerts(query: AlertQuery): Promise<AlertDocument[]>;
  /** Those that were resolved before. @returns how many there were */
  removeAlerts(resolvedBeforeMs: number): Promise<number>;
}

/** The filters and rules in force. */
export interface RuleRegistry {
  /** undefined: nobody has written any */
  rules(): Promise<RulesDocument | undefined>;
  /** Replaces all of them in one write. */
  putRules(document: RulesDocument): Promise<void>;
}

export interface EventIds {
  /** The next event ids, rising and never given twice, also across processes and restarts; past the highest event_id stored. */
  nextEventIds(count: number): Promise<number[]>;
}

/** Files that events were imported from (`makai import`). An administrator's command writes them, no daemon. */
export interface Originals {
  /**
   * Keeps the files of an imported event; recordings of the same files share them. A recording that is kept already stays with its event.
   * Called before the event is written. One whose event does not follow within ten minutes is deleted by `sweep`.
   * @returns the event that the recording belongs to
   */
  putOriginal(original: Original): Promise<number>;
  original(eventId: number): Promise<Original | undefined>;
  /** The event that a recording of these files was imported as. It may be incomplete, or deleted by the database meanwhile. */
  importedEventId(sha256: string, recording: number): Promise<number | undefined>;
}

export interface AuditLog {
  /** Adds an entry. */
  putAudit(entry: AuditDocument): Promise<void>;
  /** The last `limit` entries of a range, oldest first. */
  audit(range: { fromMs?: number; toMs?: number; limit: number }): Promise<AuditDocument[]>;
}
