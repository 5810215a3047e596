/** A user changes the own password. */
import { useState } from 'preact/hooks';
import { text } from '../../logic/text.js';
import { change } from '../api/client.js';
import { useAction } from '../parts/action.js';

export function PasswordForm() {
  const [oldPassword, setOld] = useState('');
  const [newPassword, setNew] = useState('');
  const save = useAction(async () => {
    await change('POST', '/session/password', { old_password: oldPassword, new_password: newPassword });
    setOld('');
    setNew('');
    return text.login.changed;
  });
  return (
    <form class="stack" onSubmit={save.submit}>
      <label class="field">
        <span>{text.login.oldPassword}</span>
        <input
          type="password"
          autocomplete="current-password"
          required
          value={oldPassword}
          onInput={(e) => setOld(e.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>
          {text.login.newPassword} ({text.admin.passwordHint})
        </span>
        <input
          type="password"
          autocomplete="new-password"
          minLength={10}
          required
          value={newPassword}
          onInput={(e) => setNew(e.currentTarget.value)}
        />
      </label>
      <div class="row">
        <button type="submit" class="primary" disabled={save.isBusy}>
          {text.login.change}
        </button>
      </div>
      {save.outcome}
    </form>
  );
}
