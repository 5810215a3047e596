/** Who is connected to the embedded broker, and what they may. */
import type { Client } from 'aedes';
import type { Clock } from '../../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { Store, UserRole } from '../../store/store.js';
import { Logins, type Person } from './logins.js';
import { mayPublish, maySubscribe } from './permissions.js';

/** Return codes of MQTT 3.1.1, 3.2.2.3. */
const UNAVAILABLE = 3;
const WRONG = 4;
const NOT_AUTHORIZED = 5;

export interface PeopleOptions {
  settings: { login: boolean };
  store: () => Pick<Store, 'user' | 'token'>;
  clock: Clock;
}

export class People {
  readonly #options: PeopleOptions;
  readonly #rejections: Rejections;
  readonly #logins: Logins;
  readonly #people = new Map<Client, Person>();
  readonly addressOf = new WeakMap<Client, string>();

  constructor(options: PeopleOptions, rejections: Rejections) {
    this.#options = options;
    this.#rejections = rejections;
    this.#logins = new Logins(options.store, options.clock);
  }

  readonly handlers = {
    authenticate: (
      client: Client,
      name: string | undefined,
      password: Buffer | undefined,
      done: (error: (Error & { returnCode: number }) | null, success: boolean | null) => void,
    ): void => {
      this.#logIn(client, name, password).then(
        () => done(null, true),
        (error: unknown) => {
          const isStore = codeOf(error) === 'STORE_UNAVAILABLE';
          this.#rejections.count(isStore ? 'login_without_store' : 'login', name, messageOf(error));
          const isLater = isStore || codeOf(error) === 'TOO_MANY_REQUESTS';
          const code = isLater ? UNAVAILABLE : codeOf(error) === 'LOGIN_FAILED' ? WRONG : NOT_AUTHORIZED;
          done(Object.assign(new Error(messageOf(error)), { returnCode: code }), false);
        },
      );
    },
    authorizePublish: (
      client: Client | null,
      { topic }: { topic: string },
      done: (error?: Error | null) => void,
    ): void => {
      if (client === null || mayPublish(this.#roleOf(client), topic)) {
        done(null);
        return;
      }
      this.#rejections.count('publish_not_permitted', this.#people.get(client)?.name, topic);
      done(new Error('not permitted'));
    },
    authorizeSubscribe: (
      client: Client,
      subscription: { topic: string; qos: 0 | 1 | 2 },
      done: (error: Error | null, subscription?: { topic: string; qos: 0 | 1 | 2 } | null) => void,
    ): void => {
      if (maySubscribe(subscription.topic)) {
        done(null, subscription);
        return;
      }
      this.#rejections.count('subscribe_not_permitted', this.#people.get(client)?.name, subscription.topic);
      // Null: refused with the return code for it, and the client stays.
      done(null, null);
    },
  } as const;

  /** Disconnects those who are no users any more, or whose role or password changed. Without the store all stay. */
  async check(): Promise<void> {
    if (!this.#options.settings.login) return;
    for (const [client, person] of this.#people) {
      if (client.closed) {
        this.#people.delete(client);
        continue;
      }
      const role = await this.#logins.roleNow(person).catch(() => person.role);
      if (role !== person.role) client.close();
    }
  }

  forget(client: Client): void {
    this.#people.delete(client);
  }

  async #logIn(client: Client, name: string | undefined, password: Buffer | undefined): Promise<void> {
    if (!this.#options.settings.login) return;
    if (name === undefined || password === undefined)
      throw new MakaiError('LOGIN_FAILED', 'a name and a password are asked for');
    const address = this.addressOf.get(client) ?? '';
    const person = await this.#logins.logIn(name, password.toString(), address);
    // Who connects with the id of another one would end that connection, and take over its session.
    for (const [other, { name: owner }] of this.#people)
      if (other.id === client.id && !other.closed && owner !== person.name)
        throw new MakaiError('NOT_PERMITTED', `the client id ${client.id} is in use by another user`);
    this.#people.set(client, person);
  }

  #roleOf(client: Client): UserRole {
    return this.#options.settings.login ? (this.#people.get(client)?.role ?? 'viewer') : 'admin';
  }
}
