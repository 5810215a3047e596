/** How a MongoDB store is backed up and restored: by MongoDB's own tools, which know its indexes and options. */
import { shownUrl } from '../common/store-url.js';
import { COLLECTION } from '../store/mongo/connection/context.js';

/** Its database, as the URL names it. */
function databaseOf(url: string): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^/?]+)/i.exec(shownUrl(url))?.[1] ?? 'opq';
}

export function mongoBackupText(url: string): string {
  const database = databaseOf(url);
  return `MongoDB is backed up with mongodump, also while daemons write. Write the URI into a file that only you can read, since arguments are in the process list:

  umask 077; echo 'uri: "<the URI of store in /etc/opq/makai.conf>"' > mongo.yaml
  mongodump --config=mongo.yaml --db=${database} --gzip --archive=makai-$(date -u +%Y%m%dT%H%M%SZ).archive.gz

The collections of makai in ${database} (others belong to other programs and go along):
${Object.values(COLLECTION)
  .map((name) => `  ${name}`)
  .join('\n')}

What daemons spooled while MongoDB was unavailable is delivered later and needs no backup.
`;
}

export function mongoRestoreText(url: string): string {
  const database = databaseOf(url);
  return `MongoDB is restored with mongorestore, with the daemons stopped:

  systemctl stop 'makai-*'
  mongorestore --config=mongo.yaml --nsInclude='${database}.*' --drop --gzip --archive=FILE
  makai store restore --event-ids-only --store config:/etc/opq/makai.conf
  systemctl start makai-triggering-broker makai-acquisition-broker makai-triggering-service makai-analysis-service makai-web-service makai-gateway

The third command lets event ids go on past those that were given since the backup. Where other programs have collections in ${database}, name those of makai with --nsInclude instead.
`;
}
