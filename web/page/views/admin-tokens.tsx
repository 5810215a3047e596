/** API tokens: the own ones, for an administrator those of all users. The token itself is shown once, when it is made. */
import { useState } from 'preact/hooks';
import type { Role } from '../../../web-service/api/index.js';
import { text } from '../../logic/text.js';
import { change, get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';
import { Scroll } from '../parts/scroll.js';
import { Empty, Shown } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { useMay } from '../session.js';
import { RoleSelect } from './role-select.js';

interface Token {
  token_id: string;
  user: string;
  name: string;
  role: Role;
  created_ms: number;
  expires_ms?: number;
}

interface Made extends Token {
  secret: string;
}

const DAYS = [30, 90, 365] as const;

export function Tokens({ role }: { role: Role }) {
  const tokens = useLoad('tokens', (signal) => get<{ items: Token[] }>('/tokens', {}, signal));
  const [made, setMade] = useState<Made>();
  const added = (token: Made): void => {
    setMade(token);
    tokens.reload();
  };
  return (
    <Card title={text.tokens.title} hint={text.tokens.hint} flush>
      {made === undefined ? null : <Secret made={made} onDone={() => setMade(undefined)} />}
      <Shown loaded={tokens} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.tokens.none}>{text.tokens.noneHint}</Empty>
          ) : (
            <TokenTable items={items} onDone={tokens.reload} />
          )
        }
      </Shown>
      <AddToken own={role} onMade={added} />
    </Card>
  );
}

function Secret({ made, onDone }: { made: Made; onDone: () => void }) {
  const copy = useAction(async () => {
    await navigator.clipboard.writeText(made.secret);
    return text.tokens.copied;
  });
  return (
    <div class="alert ok" role="status">
      <div>
        <p>
          <strong>{text.tokens.made(made.name)}</strong>
        </p>
        <p>
          <code>{made.secret}</code>
        </p>
        {copy.outcome}
      </div>
      {/* Only HTTPS and this machine have a clipboard. */}
      {'clipboard' in navigator ? (
        <button type="button" onClick={copy.run}>
          {text.tokens.copy}
        </button>
      ) : null}
      <button type="button" onClick={onDone}>
        {text.shell.close}
      </button>
    </div>
  );
}

function TokenTable({ items, onDone }: { items: readonly Token[]; onDone: () => void }) {
  const [asked, setAsked] = useState<Token>();
  const remove = useAction(async () => {
    if (asked === undefined) return undefined;
    await change('DELETE', `/tokens/${encodeURIComponent(asked.token_id)}`);
    setAsked(undefined);
    onDone();
    return text.tokens.removed(asked.name);
  });
  const showsUser = useMay('admin');
  return (
    <Scroll label={text.table.region(text.tokens.title)}>
      {asked === undefined ? null : (
        <div class="alert warning" role="alert">
          <div>{text.tokens.removeSure(asked.name)}</div>
          <button type="button" class="danger" disabled={remove.isBusy} onClick={remove.run}>
            {text.tokens.revoke}
          </button>
          <button type="button" onClick={() => setAsked(undefined)}>
            {text.shell.close}
          </button>
        </div>
      )}
      {remove.outcome}
      <table>
        <thead>
          <tr>
            <th scope="col">{text.tokens.name}</th>
            {showsUser ? <th scope="col">{text.tokens.user}</th> : null}
            <th scope="col">{text.admin.role}</th>
            <th scope="col">{text.tokens.created}</th>
            <th scope="col">{text.tokens.expires}</th>
            <th scope="col">
              <span class="hidden-text">{text.tokens.revoke}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.token_id}>
              <td>{one.name}</td>
              {showsUser ? <td>{one.user}</td> : null}
              <td>{one.role}</td>
              <td>
                <Time ms={one.created_ms} precision="minute" />
              </td>
              <td>
                {one.expires_ms === undefined ? (
                  text.tokens.never
                ) : (
                  <Time ms={one.expires_ms} precision="minute" />
                )}
              </td>
              <td class="number">
                <button
                  type="button"
                  class="danger"
                  aria-label={`${text.tokens.revoke}: ${one.name}`}
                  onClick={() => setAsked(one)}
                >
                  {text.tokens.revoke}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function AddToken({ onMade, own }: { onMade: (token: Made) => void; own: Role }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<number | undefined>(90);
  const add = useAction(async () => {
    const body = { name, role, ...(days === undefined ? {} : { days }) };
    const made = await change<Made>('POST', '/tokens', body);
    setName('');
    if (made !== undefined) onMade(made);
    return undefined;
  });
  return (
    <form class="filters pad-all" onSubmit={add.submit}>
      <label class="field">
        <span>{text.tokens.forWhat}</span>
        <input
          autocomplete="off"
          required
          maxLength={100}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{text.tokens.valid}</span>
        <select
          value={days ?? ''}
          onChange={({ currentTarget: { value } }) => setDays(value === '' ? undefined : Number(value))}
        >
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {text.tokens.days(one)}
            </option>
          ))}
          <option value="">{text.tokens.untilRevoked}</option>
        </select>
      </label>
      <RoleSelect label={text.admin.role} role={role} onRole={setRole} highest={own} />
      <button type="submit" disabled={add.isBusy}>
        {text.tokens.add}
      </button>
      {add.outcome}
    </form>
  );
}
