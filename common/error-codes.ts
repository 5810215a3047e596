/**
 * The catalogue of error codes, in alphabetical order: what each means and what to do about it.
 * `docs/errors.md` is generated from this table and a test fails when the two disagree.
 */
export const ERROR_CODES = {
  ALREADY_RUNNING: {
    meaning: 'Another process of the same kind uses this folder, store or spool; the message names it.',
    action: 'Stop that process, or give this one a folder, store or spool of its own.',
  },
  BACKUP_FAILED: {
    meaning: 'Keys and settings could not be copied; the message has the reason.',
    action: 'Run `makai store backup --all` as root, who may read the private keys.',
  },
  BOX_EXISTS: {
    meaning: 'The box to be added exists already.',
    action: 'Change it with `makai boxes set`.',
  },
  BOX_NAME_TAKEN: {
    meaning: 'Another box already has this name.',
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
  CHROMIUM_FAILED: {
    meaning: 'The browser failed to print the report as PDF.',
    action: 'Read its output in the message, or write --html and print the file from a browser.',
  },
  CHROMIUM_MISSING: {
    meaning: 'No Chromium or Chrome was found that could print a PDF.',
    action:
      'Install one, name it with --chromium or the environment variable MAKAI_CHROMIUM, or write --html.',
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
      'The port of an endpoint that the configuration names is in use, or another program serves the same purpose there.',
    action: 'Find the program (`ss -ltnp`), stop it or configure another endpoint.',
  },
  ENDPOINT_UNAVAILABLE: {
    meaning:
      'An endpoint that the configuration names cannot be opened on this machine: it does not have the address, the name or the interface (or no IPv6), or the user may not open the port; the message says which.',
    action:
      'Write an address of this machine (`ip address` lists them), or `tcp://*:PORT` for all of them, IPv4 and IPv6; `makai config check` says beforehand what cannot be opened.',
  },
  EVENT_IDS_EXHAUSTED: {
    meaning: 'No event id is left: the highest one in use is the largest 32-bit integer.',
    action: '`makai store check` names the highest event_id; remove an event whose id is far too high.',
  },
  EVENT_ID_TOO_LOW: {
    meaning: 'The next event id asked for is not past those that were given already.',
    action: 'Give a higher --next-event-id, or leave it out.',
  },
  GATEWAY_OUTBOX_FULL: {
    meaning:
      'The MQTT broker, or Kafka, has been unavailable for so long that what the gateway keeps for it on disk is full. Events and incidents wait in the store.',
    action:
      'Start the broker, or correct `mqtt` or `kafka` in the settings of the gateway; or raise `outbox.max_bytes`.',
  },
  INSTALL_FAILED: {
    meaning:
      'A step of `makai install` or `makai uninstall` failed: a file could not be read, written or removed, or a command failed; the message names it. The steps before it were done.',
    action: 'Run the command as root, correct what the message names, and run it again.',
  },
  INSTALL_PATH_UNREADABLE: {
    meaning:
      'The systemd units could not read Node or this package: they are below a home folder, in /tmp, or not readable for every user.',
    action:
      'Install both where every user may read them (`npm install -g`, below /usr or /opt) and run `makai install` from there.',
  },
  INTERNAL_ERROR: {
    meaning: 'The web service failed at a request for a reason that it does not expect.',
    action: 'Read its log; report it with what is logged there.',
  },
  KAFKA_UNAVAILABLE: {
    meaning:
      'Kafka did not take records; the message has the reason. They wait on disk or in the store and are sent again.',
    action:
      'Check that the brokers run and that `kafka` in the settings fits them: addresses, TLS, user, the right to write the topics.',
  },
  KEY_FILE_IO: {
    meaning: 'A key file or folder could not be read or written, or exists already.',
    action: 'Check the path and its permissions. An existing key is never overwritten unless you ask for it.',
  },
  KEY_INVALID: {
    meaning:
      'A key or certificate is not valid: bad Z85, wrong length, no id, or a secret key in a public certificate.',
    action: 'Make the key pair again with `makai keys`, or copy the right file.',
  },
  LOGIN_FAILED: {
    meaning: 'The name or the password is wrong.',
    action: 'Check both; `makai users password` sets a new password.',
  },
  LOGIN_REQUIRED: {
    meaning: 'The request has no valid session or token.',
    action: 'Log in on the page, or send `Authorization: Bearer <token>` with a token of `makai tokens add`.',
  },
  MQTT_REFUSED: {
    meaning: 'The MQTT broker refused a message.',
    action: 'Let the user of the gateway publish below `makai/` in the access list of the broker.',
  },
  MQTT_STOPPED: {
    meaning: 'The gateway is stopping, so nothing is published any more.',
    action: 'Nothing: what was not published waits on disk until the next start.',
  },
  NATS_UNAVAILABLE: {
    meaning: 'No NATS server can be reached, or it refuses the user; the message has the reason.',
    action: 'Check that NATS runs, and the setting `nats`: servers, user or credentials, TLS.',
  },
  NOTIFY_FAILED: {
    meaning: 'A channel did not take a notification; the message has its reply.',
    action: 'Correct the channel in the file of recipients, and try it with `makai notify test NAME`.',
  },
  NOTIFY_INVALID: {
    meaning: 'The file of recipients has mistakes; every one is listed with its path.',
    action: 'Correct them; the file is described in docs/alerts.md.',
  },
  NOT_FOUND: {
    meaning:
      'Nothing has the id or name that was asked for: an event, incident, box, series, user, token, key of a box, or instance. The exit code is 3.',
    action: 'List what there is: `makai events list`, `makai boxes list`; check --store or --dir.',
  },
  NOT_PERMITTED: {
    meaning: 'The user may not do this: the role does not allow it, or the request comes from another site.',
    action: 'Ask an admin for the role that the message names.',
  },
  OUTPUT_NOT_WRITTEN: {
    meaning: 'What a command prints could not be written, for example because the disk of the file is full.',
    action: 'Free some space, or let it print somewhere else, and run the command again.',
  },
  PLUGIN_CASE_INVALID: {
    meaning:
      'A golden case of a plugin cannot be used: no recording in its folder, or a file that is not JSON of the right form.',
    action: 'Correct the file named in the message; docs/plugins.md says what is in a case.',
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
  RECORDING_TOO_LONG: {
    meaning: 'A recording has more than a day of samples, and --long was not given.',
    action: 'Add --long to play it all the same, or use a shorter part of it.',
  },
  REQUEST_INVALID: {
    meaning: 'A request to the HTTP API has a wrong parameter or body; every mistake is listed.',
    action: 'Correct what the message names; /api/docs lists the operations.',
  },
  RULES_INVALID: {
    meaning: 'A file of filters and rules has mistakes; every one is listed with its path.',
    action:
      'Correct them; the language is described in docs/alerts.md. The rules in force stay as they were.',
  },
  SCENARIO_INVALID: {
    meaning:
      'A scenario of the simulated grid has wrong or unknown values; every mistake is listed with its path.',
    action: 'Correct the fields named; docs/scenarios.md lists them all, box/scenarios has examples.',
  },
  SECRET_EXPOSED: {
    meaning: 'A file that holds a secret can be read or changed by users other than its owner and group.',
    action:
      'Remove the permissions of other users (`chmod o-rw`). If others may have read the file, make new keys.',
  },
  STORE_ACCESS_DENIED: {
    meaning: 'MongoDB refuses the login, or the user lacks a right that the store needs.',
    action:
      'Check user, password and authSource of the URI; the user needs the role readWrite on the database.',
  },
  STORE_DAMAGED: {
    meaning:
      'Stored or spooled data is incomplete: a waveform lacks chunks, or a spooled write cannot be read.',
    action:
      '`makai store check` says how much is affected. Check the disk, and restore the data from a backup.',
  },
  STORE_NOT_RECOGNIZED: {
    meaning: 'The file named as a store belongs to another program.',
    action: 'Name another file in the store URL.',
  },
  STORE_NOT_WRITABLE: {
    meaning: 'The daemon may read the file of its store, but not write to it; the message says whose it is.',
    action:
      'Give the file and its folder to the user of the service (`chown opq:opq`), or mount the disk for writing. A running daemon then goes on by itself.',
  },
  STORE_REFUSED: {
    meaning: 'The store refuses the content of a document; trying again will not help.',
    action:
      'MongoDB: look for a validator or an additional unique index on the collection; `makai store check` lists them. SQLite: look for a trigger that is not of makai (`sqlite3 FILE .schema`).',
  },
  STORE_SCHEMA_TOO_NEW: {
    meaning:
      'A newer version of makai wrote the store; this one does not know its schema. Nothing was changed.',
    action:
      'Install that version, or go back to the copy from before the upgrade (docs/operations.md), or use another store.',
  },
  STORE_SCHEMA_TOO_OLD: {
    meaning:
      'The store has the schema of an older version of makai, and what was asked for needs the newer one. Nothing was changed.',
    action:
      'Restart the daemons with the newer version, or run `makai store init`: either upgrades the store, after a copy. Or use the version that the daemons run.',
  },
  STORE_UNAVAILABLE: {
    meaning: 'The store could not be opened or does not reply.',
    action: 'Check the store URL, whether the server runs, and the permissions of its files.',
  },
  STORE_URL_INVALID: {
    meaning: 'A store URL is not one that makai knows.',
    action: 'Write sqlite:<file>, mongodb://… or mongodb+srv://…',
  },
  TARGET_EXISTS: {
    meaning: 'The file that a backup was to be written to exists already.',
    action: 'Name another file, or a folder: each backup in it gets a name of its own.',
  },
  TARGET_NOT_EMPTY: {
    meaning: 'The target folder for a new plugin exists and is not empty, or cannot be looked at.',
    action: 'Choose another name, or another folder with --dir.',
  },
  TIMEOUT: {
    meaning: 'A daemon did not reply in time.',
    action: 'Check with `makai status` that it runs, and in its log whether it refused the request.',
  },
  TOO_MANY_REQUESTS: {
    meaning:
      'The web service does as much of this at the same time as it allows, or there were too many tries to log in.',
    action: 'Wait a moment, or as long as the message says, and ask again.',
  },
  USER_EXISTS: {
    meaning: 'There is a user with this name already.',
    action: 'Change it with `makai users password`, or choose another name.',
  },
  WAVEFORM_NOT_ASKED: {
    meaning: 'The acquisition broker asked no box for the waveform.',
    action:
      'The message says which limit was reached; try again after midnight UTC, or raise the limit in the settings of the broker.',
  },
  WEB_ADDRESS_OPEN: {
    meaning:
      'The web service is to listen on an address that other machines reach, without TLS, without a proxy, or without a user.',
    action: 'Set `tls` or `behind_proxy`, and add a user with `makai users add`; or listen on 127.0.0.1.',
  },
  WORKER_EXITED: {
    meaning:
      'A thread of a daemon exited by itself: that of its store or spool, or the one that brings measurements to NATS.',
    action: 'The daemon exits too, and its supervisor restarts it. Report this fault together with the log.',
  },
} as const satisfies Record<string, { meaning: string; action: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
