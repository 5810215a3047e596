/** Alerts and rules. */
import { MakaiError } from '../../common/errors.js';
import { writeAudit } from '../../daemon/audit.js';
import { checkRules, EMPTY_FILE, mistakeLine, type RulesFile } from '../../rules/index.js';
import { shownState } from '../../store/alerts.js';
import type { AlertDocument } from '../../store/store.js';
import { auditName, type Caller } from '../access/caller.js';
import type { AlertJson } from '../api/alerts.js';
import { RequestError } from '../http/problems.js';
import type { Services } from '../services.js';
import type { Handlers } from './handler.js';

type AlertHandlers = Pick<
  Handlers,
  'listAlerts' | 'getAlert' | 'changeAlert' | 'getRules' | 'setRules' | 'changeRules' | 'removeRules'
>;

export function alertHandlers({ clock, limits, link }: Services): AlertHandlers {
  const json = ({ members, open_members, subject, ...alert }: AlertDocument): AlertJson => ({
    ...alert,
    state: shownState(alert, clock.now()),
  });
  const now = () => link.read((store) => store.rules());
  const put = async (
    caller: Caller | undefined,
    file: unknown,
    before: unknown,
  ): Promise<RulesFile & { changed_ms: number; changed_by: string }> => {
    const checked = checkRules(file);
    if ('mistakes' in checked)
      throw new RequestError(checked.mistakes.map(mistakeLine).join('; '), checked.mistakes, 422);
    const changed = { changed_ms: clock.now(), changed_by: auditName(caller) };
    await link.read(async (store) => {
      await store.putRules({ file: checked.file, ...changed });
      await writeAudit(store, changed.changed_by, {
        ...{ command: 'rules set', subject: 'rules' },
        ...{ before: { rules: before ?? EMPTY_FILE }, after: { rules: checked.file } },
      });
    });
    return { ...checked.file, ...changed };
  };
  return {
    listAlerts: async ({ query: { before, from, limit, open } }) => {
      const query = {
        ...{ open, limit },
        ...(from === undefined ? {} : { fromMs: from }),
        ...(before === undefined ? {} : { beforeMs: before }),
      };
      return { items: (await link.read((store) => store.alerts(query))).map(json) };
    },
    getAlert: async ({ params: { alert_id } }) =>
      json(shown(alert_id, await link.read((store) => store.alert(alert_id)))),
    changeAlert: async ({ body: { acknowledged, silence_s }, caller, params: { alert_id } }) => {
      const [at, by] = [clock.now(), auditName(caller)];
      const marks = {
        ...(acknowledged === undefined ? {} : { acknowledged_ms: at, acknowledged_by: by }),
        ...(silence_s === undefined
          ? {}
          : { silenced_until_ms: silence_s === 0 ? 0 : at + silence_s * 1000, silenced_by: by }),
      };
      const changed = await link.read(async (store) => {
        if (!(await store.markAlert(alert_id, marks))) return undefined;
        await writeAudit(store, by, {
          ...{ command: 'alerts mark', subject: `alert ${alert_id}`, after: { ...marks } },
        });
        return store.alert(alert_id);
      });
      return json(shown(alert_id, changed));
    },
    getRules: async () => {
      const document = await now();
      if (document === undefined) return { ...EMPTY_FILE };
      const { changed_by, changed_ms, file } = document;
      return { ...EMPTY_FILE, ...(file as Partial<RulesFile>), changed_ms, changed_by };
    },
    // One change after the other: what a patch is put on is what is in force.
    setRules: ({ body, caller }) => limits.changes.run(async () => put(caller, body, (await now())?.file)),
    changeRules: ({ body, caller }) =>
      limits.changes.run(async () => {
        const before = (await now())?.file;
        return put(caller, { ...EMPTY_FILE, ...(before as Partial<RulesFile> | undefined), ...body }, before);
      }),
    removeRules: ({ caller }) =>
      limits.changes.run(async () => {
        await put(caller, EMPTY_FILE, (await now())?.file);
        return undefined;
      }),
  };
}

function shown(id: string, alert: AlertDocument | undefined): AlertDocument {
  if (alert !== undefined) return alert;
  throw new MakaiError('NOT_FOUND', `there is no alert ${id}`, { hint: 'GET /alerts lists them.' });
}
