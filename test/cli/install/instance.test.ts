/** Instances: settings and units of a further installation on one machine. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ofInstance } from '../../../cli/doctor/instance.js';
import { instancePlan, instanceSettings } from '../../../cli/install/instance.js';
import { installPlan, perform } from '../../../cli/install/plan.js';
import { checkFile } from '../../../config/check.js';
import { exampleConfig } from '../../../config/example.js';
import { KIND_NAMES } from '../../../config/kinds.js';
import { tryConfig } from '../../../config/parse.js';

describe('cli/install: instances', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-instance-'));
    perform(installPlan({ root }), () => undefined);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const make = (name: string): void => perform(instancePlan(name, root), () => undefined);
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  /** Ports and paths that a daemon uses, with the defaults of what its file leaves out. */
  const used = (settings: object, kind: (typeof KIND_NAMES)[number]): string[] => {
    const { file } = tryConfig(kind, settings);
    assert.ok(file !== undefined, kind);
    return [...JSON.stringify(file.fields).matchAll(/:(\d{4,5})"|"(?:sqlite:)?(\/(?:etc|var)[^"]*)"/g)].map(
      ([, port, path]) => port ?? path ?? '',
    );
  };

  it('have no port and no path of the installation or of another instance', () => {
    for (const kind of KIND_NAMES) {
      const all = [
        exampleConfig(kind),
        instanceSettings(kind, 'lab', 1000),
        instanceSettings(kind, 'site2', 15_000),
      ].map((settings) => [...new Set(used(settings, kind))]);
      assert.equal(new Set(all.flat()).size, all.flat().length, `${kind}: ${all.join(' | ')}`);
      assert.ok((all[0]?.length ?? 0) > 1);
    }
  });

  it('get settings without mistakes, and a template of each unit that names them', () => {
    make('lab');
    const folder = join(root, 'etc/makai/lab');
    const files = readdirSync(folder);
    assert.equal(files.length, KIND_NAMES.length);
    for (const file of files)
      assert.deepEqual(
        checkFile(join(folder, file)).findings.filter(({ severity }) => severity !== 'warning'),
        [],
      );
    for (const kind of KIND_NAMES) {
      const unit = read(`etc/systemd/system/makai-${kind}@.service`);
      const [, file = ''] = new RegExp(`^ExecStart=.* ${kind} /etc/makai/%i/(\\S+)$`, 'm').exec(unit) ?? [];
      assert.ok(files.includes(file), unit);
      assert.doesNotMatch(unit, /\/opq\b(?!-makai)|Directory=opq|makai-[a-z-]+\.service/);
    }
  });

  it('get the first ports that no other has, and what exists stays', () => {
    make('lab');
    make('site2');
    assert.match(read('etc/makai/site2/triggering_broker.json'), /tcp:\/\/\*:11880/);
    rmSync(join(root, 'etc/makai/lab'), { recursive: true });
    make('site3');
    assert.match(read('etc/makai/site3/triggering_broker.json'), /tcp:\/\/\*:10880/);
    writeFileSync(join(root, 'etc/makai/site3/makai.conf'), '{"mine":1}');
    make('site3');
    assert.equal(read('etc/makai/site3/makai.conf'), '{"mine":1}');
  });

  it('get a file that was missing with the ports of their other files', () => {
    make('lab');
    make('site2');
    rmSync(join(root, 'etc/makai/lab'), { recursive: true });
    const gateway = read('etc/makai/site2/gateway.json');
    rmSync(join(root, 'etc/makai/site2/gateway.json'));
    make('site2');
    assert.equal(read('etc/makai/site2/gateway.json'), gateway);
    for (const file of ['triggering_broker.json', 'gateway.json'])
      rmSync(join(root, 'etc/makai/site2', file));
    make('site3');
    assert.match(read('etc/makai/site3/triggering_broker.json'), /tcp:\/\/\*:10880/);
    make('site2');
    assert.equal(read('etc/makai/site2/gateway.json'), gateway);
    assert.match(read('etc/makai/site2/triggering_broker.json'), /tcp:\/\/\*:11880/);
  });

  it('whose ports are not ours get no further file, but a message', () => {
    make('lab');
    const file = join(root, 'etc/makai/lab/triggering_broker.json');
    const text = read('etc/makai/lab/triggering_broker.json');
    rmSync(join(root, 'etc/makai/lab/gateway.json'));
    for (const broken of [
      text.replace('10880', '7000'),
      text.replace('10880', '9880'),
      text.replace('10880', '26880'),
      text.replace('"interface"', '"other"'),
      '{',
      'null',
    ]) {
      writeFileSync(file, broken);
      assert.throws(() => instancePlan('lab', root), {
        code: 'INSTALL_FAILED',
        message: `the ports of lab are not known: interface in ${file} has none that makai install gives to an instance`,
      });
    }
  });

  it('have names that units and folders can have', () => {
    for (const name of ['', '..', 'a/b', 'a b', 'a-b', 'A', '_a', 'a@b', 'x'.repeat(32)])
      assert.throws(() => instancePlan(name, root), { code: 'INSTALL_FAILED' }, name);
  });

  it('are named in what doctor says is to be done', () => {
    const one = {
      area: 'daemons',
      subject: 'x',
      verdict: 'note',
      message: 'm',
      todo: 'start it: systemctl start makai-web-service, or makai keys new-box <id>',
    } as const;
    assert.equal(
      ofInstance(one, '/etc/makai/lab').todo,
      'start it: systemctl start makai-web-service@lab, or makai keys new-box --dir /etc/makai/lab/curve <id>',
    );
    assert.equal(ofInstance(one, '/home/me/demo'), one);
    assert.equal(ofInstance(one, undefined), one);
  });
});
