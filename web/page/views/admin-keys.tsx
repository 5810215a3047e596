/** Keys that wait for approval, and those that may connect. */

import { useState } from 'preact/hooks';
import type { Keys as KeysJson, PendingKeys as PendingJson } from '../../../web-service/api/index.js';
import { age, grouped } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { change, get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { useAction } from '../parts/action.js';
import { Card } from '../parts/card.js';
import { Scroll } from '../parts/scroll.js';
import { Empty, Shown } from '../parts/states.js';
import { useNow } from '../state.js';

type Pending = PendingJson['items'][number];
type Key = KeysJson['items'][number];

export function PendingKeys({ onApproved }: { onApproved: () => void }) {
  const pending = useLoad('pending', (signal) => get<PendingJson>('/keys/pending', {}, signal), {
    refreshMs: 5000,
  });
  return (
    <Card title={text.admin.pending} hint={text.admin.pendingHint} flush>
      <Shown loaded={pending} lines={2}>
        {({ items, missing }) => (
          <>
            {missing.map(({ daemon, reason }) => (
              <div class="alert warning" key={daemon}>
                <p>
                  {daemon}: {reason}
                </p>
              </div>
            ))}
            {items.length === 0 ? (
              <Empty title={text.admin.noPending}>{text.admin.noPendingHint}</Empty>
            ) : (
              <ul class="plain-list">
                {items.map((one) => (
                  <PendingRow
                    key={one.public_key}
                    pending={one}
                    onApproved={onApproved}
                    onDone={pending.reload}
                  />
                ))}
              </ul>
            )}
          </>
        )}
      </Shown>
    </Card>
  );
}

function PendingRow({
  onApproved,
  onDone,
  pending,
}: {
  onApproved: () => void;
  onDone: () => void;
  pending: Pending;
}) {
  const now = useNow(5000);
  const [boxId, setBoxId] = useState('');
  const approve = useAction(async () => {
    await change('POST', '/keys/accept', { public_key: pending.public_key, box_id: boxId });
    onApproved();
    window.setTimeout(onDone, 1500);
    return text.admin.approved(boxId);
  });
  return (
    <li>
      <form class="row" onSubmit={approve.submit}>
        <code>{pending.public_key}</code>
        <span class="quiet">
          {text.admin.address} {pending.address} · {grouped(pending.count)}{' '}
          {text.admin.attempts.toLowerCase()} · {text.overview.ago(age(now - pending.last_ms))} ·{' '}
          {pending.reason}
        </span>
        <input
          aria-label={text.admin.approveAs(pending.public_key)}
          placeholder={text.admin.boxId}
          inputMode="numeric"
          pattern="[0-9]{1,10}"
          size={10}
          required
          value={boxId}
          onInput={(event) => setBoxId(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={approve.isBusy}>
          {text.admin.approve}
        </button>
      </form>
      {approve.outcome}
    </li>
  );
}

/** @param round another number reads them again */
export function Keys({ round }: { round: number }) {
  const keys = useLoad(`keys ${round}`, (signal) => get<KeysJson>('/keys', {}, signal), { keep: true });
  return (
    <Card title={text.admin.allowed} flush>
      <Shown loaded={keys} lines={4}>
        {({ bad, items }) => (
          <>
            {bad.map((line) => (
              <div class="alert warning" key={line}>
                <p>{line}</p>
              </div>
            ))}
            {items.length === 0 ? (
              <Empty title={text.admin.noKeys} />
            ) : (
              <KeyTable items={items} onDone={keys.reload} />
            )}
          </>
        )}
      </Shown>
    </Card>
  );
}

function KeyTable({ items, onDone }: { items: readonly Key[]; onDone: () => void }) {
  const [asked, setAsked] = useState('');
  const revoke = useAction(async () => {
    await change('POST', '/keys/revoke', { box_id: asked });
    setAsked('');
    onDone();
    return text.admin.revoked(asked);
  });
  return (
    <Scroll label={text.table.region(text.admin.allowed)}>
      {asked === '' ? null : (
        <div class="alert warning" role="alert">
          <div>{text.admin.revokeSure(asked)}</div>
          <button type="button" class="danger" disabled={revoke.isBusy} onClick={revoke.run}>
            {text.admin.revoke}
          </button>
          <button type="button" onClick={() => setAsked('')}>
            {text.shell.close}
          </button>
        </div>
      )}
      {revoke.outcome}
      <table>
        <thead>
          <tr>
            <th scope="col">{text.table.id}</th>
            <th scope="col">{text.admin.key}</th>
            <th scope="col">{text.admin.state}</th>
            <th scope="col">
              <span class="hidden-text">{text.admin.revoke}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={`${one.public_key} ${one.state}`}>
              <td>{one.box_id ?? ''}</td>
              <td>
                <code title={one.public_key}>{one.public_key.slice(0, 12)}…</code>
              </td>
              <td>{text.admin.keyState[one.state]}</td>
              <td class="number">
                {one.state === 'allowed' && one.box_id !== undefined ? (
                  <button type="button" class="danger" onClick={() => setAsked(one.box_id ?? '')}>
                    {text.admin.revoke}
                  </button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
