/** Administration: the box that does not appear, keys, daemons, users, locations, tokens. */
import { useState } from 'preact/hooks';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/states.js';
import { useMay, useSession } from '../session.js';
import { Daemons, Doctor } from './admin-daemons.js';
import { Keys, PendingKeys } from './admin-keys.js';
import { Locations } from './admin-locations.js';
import { NewBox } from './admin-new-box.js';
import { Tokens } from './admin-tokens.js';
import { Users } from './admin-users.js';

export function Admin(_: { route: Route }) {
  const session = useSession();
  const isAdmin = useMay('admin');
  const isOperator = useMay('operator');
  /** keys approved here so far */
  const [approved, setApproved] = useState(0);
  return (
    <>
      <h1 class="hidden-text">{text.admin.title}</h1>
      {isAdmin ? <PendingKeys onApproved={() => setApproved((n) => n + 1)} /> : null}
      <Daemons />
      {isAdmin ? null : (
        <Card title={text.admin.title}>
          <Empty title={text.admin.notAdmin} />
        </Card>
      )}
      {isAdmin ? <Doctor /> : null}
      <div class="columns two">
        {isAdmin ? <Keys round={approved} /> : null}
        <div class="stack">
          {isOperator ? <NewBox /> : null}
          {isOperator ? <Locations /> : null}
          {isAdmin ? <Users isLoginRequired={session?.login_required === true} /> : null}
        </div>
      </div>
      {/* Without a login nobody needs a token. */}
      {session?.user === undefined || !session.login_required ? null : <Tokens role={session.user.role} />}
    </>
  );
}
