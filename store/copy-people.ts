/** Locations, and users with their API tokens, for a copy of a store. */
import { compareKnown, type KnownDocuments } from './copy-known.js';
import type { Store } from './store.js';

/** A user that the target has keeps its tokens there. */
export async function copyPeople(from: Store, known: KnownDocuments): Promise<void> {
  const { attempt, to } = known;
  const there = new Set((await to.locations()).map(({ slug }) => slug));
  for (const location of await from.locations()) {
    const { slug } = location;
    const read = async () => (await to.locations()).find((one) => one.slug === slug);
    // Regions that are not named would stay.
    const put = () => to.putLocation({ ...location, regions: location.regions ?? [] });
    if (!there.has(slug)) await attempt(() => to.putLocation(location));
    else await compareKnown(known, `location ${slug}`, location, read, put);
  }
  for (const user of await from.users()) {
    const read = () => to.user(user.name);
    if ((await read()) !== undefined) {
      await compareKnown(known, `user ${user.name}`, user, read, () => to.changeUser(user));
      continue;
    }
    // Before the user: a copy that is broken off in between is then not taken for a whole one.
    for (const token of await from.tokens(user.name)) {
      const isNew = (await to.token(token.token_hash)) === undefined;
      if (token.kind === 'api' && isNew) await to.addToken(token);
    }
    await to.addUser(user);
  }
}
