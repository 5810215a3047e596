/** What stands around every view: navigation, time range, zone, live state, keys. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { age } from '../logic/numbers.js';
import type { Route, View } from '../logic/route.js';
import { text } from '../logic/text.js';
import { zoneName } from '../logic/time.js';
import { change } from './api/client.js';
import { useLiveState } from './api/live.js';
import { useShellKeys } from './keys.js';
import { useAction } from './parts/action.js';
import { Dialog } from './parts/dialog.js';
import { Menu } from './parts/menu.js';
import { RangePicker } from './parts/range-picker.js';
import { useSession } from './session.js';
import { linkTo, setChoices, type Theme, useChoices, useNow } from './state.js';
import { PasswordForm } from './views/password.js';

const NAV: readonly Exclude<View, 'login'>[] = [
  'overview',
  'boxes',
  'events',
  'alerts',
  'charts',
  'reports',
  'admin',
];

export function Shell({
  route,
  onLoggedOut,
  children,
}: {
  route: Route;
  onLoggedOut: () => void;
  children: ComponentChildren;
}) {
  const [dialog, setDialog] = useState<'keys' | 'password'>();
  useShellKeys(route, () => setDialog('keys'));
  const title =
    route.id === undefined ? text.nav[route.view === 'login' ? 'overview' : route.view] : route.id;
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={focusMain}>
        {text.nav.skip}
      </button>
      <header class="bar">
        <a class="brand" href={linkTo('overview')}>
          <Logo />
          {text.product}
        </a>
        <nav class="nav" aria-label={text.nav.label}>
          {NAV.map((view) => (
            <a key={view} href={linkTo(view)} aria-current={route.view === view ? 'page' : undefined}>
              {text.nav[view]}
            </a>
          ))}
        </nav>
        <div class="tools">
          <RangePicker route={route} />
          <ZoneButton />
          <Live />
          <Account onLoggedOut={onLoggedOut} onDialog={setDialog} />
        </div>
      </header>
      <main class="main" id="main" tabIndex={-1}>
        <LostNotice />
        {children}
      </main>
      {dialog === 'keys' ? <KeysDialog onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'password' ? (
        <Dialog title={text.shell.password} onClose={() => setDialog(undefined)}>
          <PasswordForm />
        </Dialog>
      ) : null}
    </div>
  );
}

function focusMain(): void {
  document.getElementById('main')?.focus();
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M3 16c3-11 5-11 7 0s4 9 6 0 3-6 5 0 4 9 8 0"
        fill="none"
        stroke="var(--voltage)"
        stroke-width="3"
        stroke-linecap="round"
      />
    </svg>
  );
}

function ZoneButton() {
  const { zone } = useChoices();
  const now = Date.now();
  const other = zone === 'utc' ? 'local' : 'utc';
  const otherName = other === 'utc' ? 'UTC' : text.shell.zoneLocal(zoneName(now, 'local'));
  return (
    <button
      type="button"
      class="plain"
      aria-label={`${text.shell.zone}: ${zoneName(now, zone)}`}
      title={text.shell.zoneSwitch(otherName)}
      onClick={() => setChoices({ zone: other })}
    >
      {zoneName(now, zone)}
    </button>
  );
}

function Live() {
  const { state } = useLiveState();
  const kind = state === 'live' ? 'ok' : state === 'lost' ? 'critical' : 'warning';
  return (
    <span class="live-state" role="status">
      <span class={`dot ${kind}`} aria-hidden="true" />
      <span class="live-word">{text.shell[state]}</span>
    </span>
  );
}

/** Only when the loss lasts: a connection that is renewed is no news. */
function LostNotice() {
  const { lostSinceMs, state } = useLiveState();
  const now = useNow();
  if (state !== 'lost' || lostSinceMs === undefined || now - lostSinceMs < 5000) return null;
  return (
    <div class="alert warning">
      <p>{text.shell.lostSince(age(now - lostSinceMs))}</p>
    </div>
  );
}

function Account({
  onLoggedOut,
  onDialog,
}: {
  onLoggedOut: () => void;
  onDialog: (dialog: 'keys' | 'password') => void;
}) {
  const session = useSession();
  const { theme } = useChoices();
  // whoever leaves must know that the session goes on when it could not be ended
  const logOut = useAction(async () => {
    await change('DELETE', '/session');
    onLoggedOut();
    return undefined;
  });
  return (
    <Menu label={text.shell.menu} face="⚙">
      {(close) => (
        <>
          {session?.user === undefined ? null : (
            <>
              <p class="quiet">{text.shell.loggedInAs(session.user.name, session.user.role)}</p>
              <button
                type="button"
                onClick={() => {
                  onDialog('password');
                  close();
                }}
              >
                {text.shell.password}
              </button>
              <a class="button" href={linkTo('admin')} onClick={close}>
                {text.shell.tokens}
              </a>
              <button type="button" disabled={logOut.isBusy} onClick={logOut.run}>
                {text.shell.logOut}
              </button>
              {logOut.outcome}
              <hr />
            </>
          )}
          <p class="quiet">{text.shell.theme}</p>
          {(Object.keys(text.shell.themes) as Theme[]).map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={theme === name}
              onClick={() => setChoices({ theme: name })}
            >
              {text.shell.themes[name]}
            </button>
          ))}
          <hr />
          <button
            type="button"
            onClick={() => {
              onDialog('keys');
              close();
            }}
          >
            {text.shell.help} <kbd>?</kbd>
          </button>
          <a class="button" href="api/docs">
            {text.shell.api}
          </a>
          {session === undefined ? null : (
            <p class="quiet">
              {text.product} {session.version}
            </p>
          )}
        </>
      )}
    </Menu>
  );
}

function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={text.keys.title} onClose={onClose}>
      <dl class="keys">
        {text.keys.list.map(([keys, what]) => (
          <>
            <dt key={keys}>
              {keys.split(' ').map((key) => (key === 'then' ? ' then ' : <kbd key={key}>{key}</kbd>))}
            </dt>
            <dd key={what}>{what}</dd>
          </>
        ))}
      </dl>
      <p class="quiet">{text.keys.mouse}</p>
    </Dialog>
  );
}
