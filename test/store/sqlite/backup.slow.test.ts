import { backupRounds } from './backup-rounds.js';
import { givenFiles } from './files.js';

describe('store/sqlite: backup, kill -9, restore, under load', function () {
  this.timeout(1_200_000);
  const files = givenFiles();

  it('20 times: nothing accepted before a backup is missing, no event id is given twice', () =>
    backupRounds(files(), 20));
});
