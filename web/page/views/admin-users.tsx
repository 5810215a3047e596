/** Users and their roles. */
import { useState } from 'preact/hooks';
import type { Role } from '../../../web-service/api/index.js';
import { text } from '../../logic/text.js';
import { change, get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';
import { Empty, Shown } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { RoleSelect } from './role-select.js';

interface User {
  name: string;
  role: Role;
  created_ms: number;
}

export function Users({ isLoginRequired }: { isLoginRequired: boolean }) {
  const users = useLoad('users', (signal) => get<{ items: User[] }>('/users', {}, signal));
  return (
    <Card title={text.admin.users} flush>
      <Shown loaded={users} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={isLoginRequired ? text.admin.noUser : text.admin.noUsers} />
          ) : (
            <UserList items={items} onDone={users.reload} />
          )
        }
      </Shown>
      <AddUser onDone={users.reload} />
    </Card>
  );
}

function UserList({ items, onDone }: { items: readonly User[]; onDone: () => void }) {
  const [asked, setAsked] = useState('');
  const remove = useAction(async () => {
    await change('DELETE', `/users/${encodeURIComponent(asked)}`);
    setAsked('');
    onDone();
    return undefined;
  });
  return (
    <ul class="plain-list">
      {items.map((user) => (
        <li key={user.name} class="row spread">
          <span>
            <strong>{user.name}</strong>{' '}
            <span class="quiet">
              <Time ms={user.created_ms} precision="minute" />
            </span>
          </span>
          <RoleField user={user} onDone={onDone} />
          {asked === user.name ? (
            <span class="row">
              {text.admin.removeSure(user.name)}
              <button type="button" class="danger" disabled={remove.isBusy} onClick={remove.run}>
                {text.admin.remove}
              </button>
              <button type="button" onClick={() => setAsked('')}>
                {text.shell.close}
              </button>
            </span>
          ) : (
            <button type="button" onClick={() => setAsked(user.name)}>
              {text.admin.remove}
            </button>
          )}
        </li>
      ))}
      {remove.outcome}
    </ul>
  );
}

/** Another role takes effect immediately; the user logs in again. */
function RoleField({ onDone, user }: { onDone: () => void; user: User }) {
  const [role, setRole] = useState<Role>(user.role);
  const save = useAction(async () => {
    await change('PATCH', `/users/${encodeURIComponent(user.name)}`, { role });
    onDone();
    return undefined;
  });
  return (
    <form class="row" onSubmit={save.submit}>
      <RoleSelect label={`${text.admin.role}: ${user.name}`} role={role} onRole={setRole} />
      {role === user.role ? null : (
        <button type="submit" class="primary" disabled={save.isBusy}>
          {text.admin.save}
        </button>
      )}
      {save.outcome}
    </form>
  );
}

function AddUser({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const add = useAction(async () => {
    await change('POST', '/users', { name, password, role });
    setName('');
    setPassword('');
    onDone();
    return undefined;
  });
  return (
    <form class="filters pad-all" onSubmit={add.submit}>
      <label class="field">
        <span>{text.admin.userName}</span>
        <input
          autocomplete="off"
          autocapitalize="none"
          required
          maxLength={64}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>
          {text.admin.password} ({text.admin.passwordHint})
        </span>
        <input
          type="password"
          autocomplete="new-password"
          required
          minLength={10}
          maxLength={200}
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <RoleSelect label={text.admin.role} role={role} onRole={setRole} />
      <button type="submit" disabled={add.isBusy}>
        {text.admin.addUser}
      </button>
      {add.outcome}
    </form>
  );
}
