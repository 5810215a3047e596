/**
 * The catalogue of error codes, in alphabetical order: what each means and what to do about it.
 * `docs/errors.md` is generated from this table and a test fails when the two disagree.
 */
export const ERROR_CODES = {
  BOX_EXISTS: {
    meaning: 'The box that is to be added exists already.',
    action: 'Change it with `makai boxes set`.',
  },
  BOX_NAME_TAKEN: {
    meaning: 'Another box has the name that a box is to be stored under.',
    action: 'Choose another name; `makai boxes list` shows those in use.',
  },
  BUILD_INCOMPLETE: {
    meaning: 'A file of the build is missing or damaged; the message names it.',
    action: 'Run `npm run build`, or install the package again.',
  },
  CHILD_FAILED: {
    meaning:
      'A process that `makai up` started was not ready in time, exited by itself or did not stop cleanly.',
    action: 'Read its log, named in the message.',
  },
  CONFIG_INVALID: {
    meaning: 'A configuration file has a wrong or unknown value; every mistake is listed with its path.',
    action: 'Correct the settings named; `makai config check <file>` checks without starting anything.',
  },
  CONFIG_UNREADABLE: {
    meaning: 'A configuration file could not be read or is not JSON.',
    action: 'Check the path and its permissions, or the environment variable named in the message.',
  },
  ENDPOINT_IN_USE: {
    meaning:
      'An endpoint that the configuration names cannot be opened; usually another program uses the port.',
    action: 'Find the program (`ss -ltnp`), stop it or configure another endpoint.',
  },
  EVENT_IDS_EXHAUSTED: {
    meaning: 'No event id is left below the largest int32.',
    action: '`makai store check` names the highest event_id; remove an event whose id is far too high.',
  },
  INSTALL_PATH_UNREADABLE: {
    meaning:
      'The systemd units could not read Node or this package: they are below a home folder, in /tmp, or not readable for every user.',
    action:
      'Install both where every user may read them (`npm install -g`, below /usr or /opt) and run `makai install` from there.',
  },
  KEY_FILE_IO: {
    meaning: 'A key file or folder could not be read or written, or exists already.',
    action: 'Check the path and the rights on it; an existing key is never overwritten unasked.',
  },
  KEY_INVALID: {
    meaning:
      'A key or certificate is not what it should be: bad Z85, wrong length, no id, a secret in a public place.',
    action: 'Make the pair again with `makai keys`, or copy the right file.',
  },
  NOT_FOUND: {
    meaning: 'Nothing in the store has the id that was asked for.',
    action: 'List what there is: `makai events list`, `makai boxes list`; check --store or --dir.',
  },
  PLUGIN_UNUSABLE: {
    meaning: 'A plugin cannot be used: its file is missing or invalid, or it refuses its settings.',
    action: 'Correct its entry in `plugins`, or the file; `makai plugin check <file>` lists the problems.',
  },
  RECORDING_INVALID: {
    meaning:
      'A recording cannot be read, replayed or written: unknown format, statements that contradict each other, no such channel, too short, too loud.',
    action: 'Look at the file and the place named in the message; formats/README.md lists what can be read.',
  },
  SCENARIO_INVALID: {
    meaning:
      'A scenario of the simulated grid has wrong or unknown values; every mistake is listed with its path.',
    action: 'Correct the fields named; docs/scenarios.md lists them all, box/scenarios has examples.',
  },
  SECRET_EXPOSED: {
    meaning: 'A file that holds a secret can be read or changed by users other than its owner and group.',
    action: 'Remove the rights of other users (`chmod o-rw`); if they had them for long, make new keys.',
  },
  STORE_ACCESS_DENIED: {
    meaning: 'MongoDB does not let us in, or does not allow what the store must do.',
    action:
      'Check user, password and authSource of the URI; the user needs the role readWrite on the database.',
  },
  STORE_DAMAGED: {
    meaning:
      'What is stored or spooled is not whole: a waveform lacks chunks, or a spooled write cannot be read.',
    action: '`makai store check` says how much is affected; check the disk, restore it from a backup.',
  },
  STORE_INDEX_CONFLICT: {
    meaning: 'An index is there under the fields or the name of ours, with other options.',
    action: 'Drop or rebuild it as the message says; nothing is dropped for you.',
  },
  STORE_NOT_RECOGNIZED: {
    meaning: 'The file named as a store belongs to another program.',
    action: 'Name another file in the store URL.',
  },
  STORE_REFUSED: {
    meaning: 'The store refuses a document for what it is; trying again will not help.',
    action:
      'Look for a validator or a further unique index on the collection; `makai store check` lists them.',
  },
  STORE_SCHEMA_TOO_NEW: {
    meaning:
      'A newer version of makai wrote the store; this one does not know its schema. Nothing was changed.',
    action: 'Install that version, or use another store.',
  },
  STORE_UNAVAILABLE: {
    meaning: 'The store could not be opened or does not answer.',
    action: 'Check the store URL, that the server runs, and the rights on its files.',
  },
  STORE_URL_INVALID: {
    meaning: 'A store URL is not one that makai knows.',
    action: 'Write sqlite:<file>, mongodb://… or mongodb+srv://…',
  },
  TARGET_NOT_EMPTY: {
    meaning: 'The target folder for a new plugin exists and is not empty.',
    action: 'Choose another name, or another folder with --dir.',
  },
  TIMEOUT: {
    meaning: 'A daemon did not reply in time.',
    action: 'Check with `makai status` that it runs, and in its log whether it refused the request.',
  },
  WORKER_EXITED: {
    meaning:
      'A thread of a daemon exited by itself: that of its store or spool, or one that receives a share of the stream.',
    action: 'The daemon exits too, and its supervisor restarts it. Report it with the log.',
  },
} as const satisfies Record<string, { meaning: string; action: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
