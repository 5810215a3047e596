/** Edits of units as drop-ins. That systemd reads them so is tested in test/systemd. */
import assert from 'node:assert/strict';
import { differingLines, dropInFor } from '../../../cli/install/unit-edits.js';

const UNIT = `[Unit]
Description=Makai
After=network-online.target mongod.service

[Service]
# a comment
Environment=A=1
ExecStart=/usr/bin/node main.js
MemoryMax=1G
SystemCallFilter=@system-service
SystemCallFilter=~@privileged \\
  @mount
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
`;

describe('cli/install: an edited unit as a drop-in', () => {
  const edit = (from: string, to: string): string | undefined => {
    assert.ok(UNIT.includes(from), from);
    return dropInFor(UNIT, UNIT.replace(from, to));
  };
  const cases: [what: string, from: string, to: string, dropIn: string | undefined][] = [
    ['a comment', '# a comment\n', '', ''],
    ['a value', 'MemoryMax=1G', 'MemoryMax=3G', '[Service]\nMemoryMax=3G\n'],
    ['a limit that is gone', 'MemoryMax=1G\n', '', '[Service]\nMemoryMax=\n'],
    ['a key more', 'MemoryMax=1G', 'MemoryMax=1G\nNice=5', '[Service]\nNice=5\n'],
    ['an item more', 'A=1\n', 'A=1\nEnvironment=B=2\n', '[Service]\nEnvironment=B=2\n'],
    ['an item in place of another', 'A=1', 'A=2', '[Service]\nEnvironment=\nEnvironment=A=2\n'],
    [
      'the program',
      'node main',
      'node --x main',
      '[Service]\nExecStart=\nExecStart=/usr/bin/node --x main.js\n',
    ],
    ['a right', 'Set=\n', 'Set=CAP_X\n', '[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_X\n'],
    ['a dependency more', 'mongod.service', 'mongod.service ntp.service', '[Unit]\nAfter=ntp.service\n'],
    ['a dependency that is gone', ' mongod.service', '', undefined],
    ['a setting that is gone, whose default a drop-in cannot name', 'Description=Makai\n', '', undefined],
    ['an empty value that is gone, which is not the default', 'CapabilityBoundingSet=\n', '', undefined],
    ['rights that count from all', 'Set=\n', 'Set=~CAP_X\n', undefined],
    ['[Install]', 'multi-user.target', 'graphical.target', undefined],
  ];
  for (const [what, from, to, dropIn] of cases)
    it(`${what}: ${dropIn === undefined ? 'is not possible' : dropIn === '' ? 'nothing' : 'is'}`, () =>
      assert.equal(edit(from, to), dropIn));

  it('a list with an item removed is reset, and a line that goes on in the next is one value', () =>
    assert.equal(
      edit('SystemCallFilter=@system-service\n', ''),
      '[Service]\nSystemCallFilter=\nSystemCallFilter=~@privileged    @mount\n',
    ));

  it('names the lines that differ', () =>
    assert.deepEqual(differingLines('a\nb\n\n', 'b\nc\n'), ['- a', '+ c']));
});
