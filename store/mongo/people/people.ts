/** Users (`makai_users`), their tokens and sessions (`makai_tokens`), both ours alone, and `locations` and `regions` of existing services. */
import type { Document } from 'mongodb';
import type {
  LocationDocument,
  TokenChoice,
  TokenDocument,
  UserDocument,
  UserRole,
} from '../../documents.js';
import type { UserRegistry } from '../../store.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { defined, double, int64, numberOf, textOf } from '../fields/bson.js';

export async function readLocations(context: Context): Promise<LocationDocument[]> {
  const documents = await mapped('read the locations', () =>
    collection(context, 'locations').find().sort({ slug: 1 }).toArray(),
  );
  const regions = await regionsByLocation(context);
  return documents.flatMap((document) => {
    const slug = textOf(document.slug);
    if (slug === undefined) return [];
    const of = regions.get(slug);
    return [{ ...locationOf(slug, document), ...(of === undefined ? {} : { regions: of.sort() }) }];
  });
}

/** Existing services keep them apart: one document for each location of each region. */
async function regionsByLocation(context: Context): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const documents = await mapped('read the regions', () => collection(context, 'regions').find().toArray());
  for (const { locationSlug, regionSlug } of documents) {
    const [location, region] = [textOf(locationSlug), textOf(regionSlug)];
    if (location === undefined || region === undefined) continue;
    found.set(location, [...new Set([...(found.get(location) ?? []), region])]);
  }
  return found;
}

function locationOf(slug: string, { coordinates, description }: Document): LocationDocument {
  const location: LocationDocument = { slug };
  const text = textOf(description);
  if (text !== undefined) location.description = text;
  const [longitude, latitude] = Array.isArray(coordinates) ? coordinates.map(numberOf) : [];
  if (longitude !== undefined && latitude !== undefined) location.coordinates = [longitude, latitude];
  return location;
}

export async function putLocation(
  context: Context,
  { coordinates, description, regions, slug }: LocationDocument,
): Promise<void> {
  const $set = defined({ coordinates: coordinates?.map(double), description });
  const absent = Object.entries({ coordinates, description }).filter(([, value]) => value === undefined);
  const $unset = Object.fromEntries(absent.map(([name]) => [name, '']));
  const update = {
    ...(Object.keys($set).length > 0 ? { $set } : {}),
    ...(absent.length > 0 ? { $unset } : {}),
  };
  await mapped(`store the location ${slug}`, async () => {
    await collection(context, 'locations').updateOne({ slug }, update, { upsert: true });
    if (regions === undefined) return;
    const ofRegions = collection(context, 'regions');
    for (const regionSlug of regions) {
      const pair = { regionSlug, locationSlug: slug };
      await ofRegions.updateOne(pair, { $setOnInsert: pair }, { upsert: true });
    }
    await ofRegions.deleteMany({ locationSlug: slug, regionSlug: { $nin: regions } });
  });
}

export function userRegistry(context: Context): UserRegistry {
  const users = collection(context, 'users');
  const tokens = collection(context, 'tokens');
  return {
    users: async () =>
      (await mapped('read the users', () => users.find().sort({ name: 1 }).toArray())).map(userOf),
    user: async (name) => {
      const found = await mapped('read a user', () => users.findOne({ name }));
      return found === null ? undefined : userOf(found);
    },
    addUser: async ({ created_ms, name, password, role }) =>
      mapped('add a user', async () => {
        try {
          const fields = { password, role, created_ms: int64(created_ms) };
          const { upsertedCount } = await users.updateOne(
            { name },
            { $setOnInsert: fields },
            { upsert: true },
          );
          return upsertedCount === 1;
        } catch (error) {
          // Two at the same time: the other one was first.
          if (serverCode(error) !== DUPLICATE_KEY) throw error;
          return false;
        }
      }),
    changeUser: async ({ name, password, role }) => {
      const $set = defined({ password, role });
      if (Object.keys($set).length === 0)
        return (await mapped('read a user', () => users.findOne({ name }))) !== null;
      const { matchedCount } = await mapped('change a user', () => users.updateOne({ name }, { $set }));
      return matchedCount === 1;
    },
    removeUser: async (name) =>
      mapped('remove a user', async () => {
        await tokens.deleteMany({ user: name });
        const { deletedCount } = await users.deleteMany({ name });
        return deletedCount > 0;
      }),
    tokens: async (name) => {
      const filter = name === undefined ? {} : { user: name };
      const found = await mapped('read the tokens', () => tokens.find(filter).sort({ _id: 1 }).toArray());
      return found.map(tokenOf);
    },
    token: async (hash) => {
      const found = await mapped('read a token', () => tokens.findOne({ token_hash: hash }));
      return found === null ? undefined : tokenOf(found);
    },
    addToken: async ({ created_ms, expires_ms, ...token }) => {
      const times = {
        created_ms: int64(created_ms),
        ...(expires_ms === undefined ? {} : { expires_ms: int64(expires_ms) }),
      };
      await mapped('add a token', () => tokens.insertOne({ ...token, ...times }));
    },
    removeToken: async (hash) => {
      const { deletedCount } = await mapped('remove a token', () => tokens.deleteMany({ token_hash: hash }));
      return deletedCount > 0;
    },
    removeTokens: async ({ except, kind, user }: TokenChoice) => {
      const filter = {
        user,
        ...(kind === undefined ? {} : { kind }),
        ...(except === undefined ? {} : { token_hash: { $ne: except } }),
      };
      return (await mapped('remove tokens', () => tokens.deleteMany(filter))).deletedCount;
    },
    removeExpiredTokens: async (nowMs) => {
      const filter = { expires_ms: { $lte: int64(nowMs) } };
      return (await mapped('remove expired tokens', () => tokens.deleteMany(filter))).deletedCount;
    },
  };
}

/** What is no role is taken as the lowest one. */
function roleOf(value: unknown): UserRole {
  return value === 'admin' || value === 'operator' ? value : 'viewer';
}

function userOf({ created_ms, name, password, role }: Document): UserDocument {
  return {
    name: textOf(name) ?? '',
    role: roleOf(role),
    password: textOf(password) ?? '',
    created_ms: numberOf(created_ms) ?? 0,
  };
}

function tokenOf(document: Document): TokenDocument {
  const expires = numberOf(document.expires_ms);
  return {
    token_hash: textOf(document.token_hash) ?? '',
    kind: document.kind === 'api' ? 'api' : 'session',
    user: textOf(document.user) ?? '',
    name: textOf(document.name) ?? '',
    role: roleOf(document.role),
    created_ms: numberOf(document.created_ms) ?? 0,
    ...(expires === undefined ? {} : { expires_ms: expires }),
  };
}
