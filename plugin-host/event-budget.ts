/**
 * How many events one plugin may ask of each box: `plugin_limits.events_per_hour`. A plugin that runs away would fill the store and keep the
 * boxes busy; the limit is far above what a grid in trouble causes.
 */
import type { Clock } from '../common/clock.js';
import { RecentMap } from '../common/recent-map.js';
import { TokenBucket } from '../common/token-bucket.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';

const HOUR_SECONDS = 3600;
/** Boxes that are counted; past that the one that was asked longest ago is forgotten. */
const MAX_BOXES = 100_000;

export class EventBudget {
  readonly #perHour: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #boxes = new RecentMap<number, TokenBucket>(MAX_BOXES);
  readonly #incidents = new RecentMap<number, TokenBucket>(MAX_BOXES);
  /** requests and incidents that were dropped, or lost boxes, by the limit */
  limited = 0;

  /** @param perHour events of a box in an hour; as many at the same time */
  constructor(perHour: number, clock: Pick<Clock, 'monotonic'>) {
    this.#perHour = perHour;
    this.#clock = clock;
  }

  /** The request for the boxes that may still be asked; undefined when none may. */
  admit(request: EventRequest): EventRequest | undefined {
    const boxIds = request.boxIds.filter((boxId) => this.#bucket(boxId).take() === 1);
    if (boxIds.length === request.boxIds.length) return request;
    this.limited += 1;
    return boxIds.length === 0 ? undefined : { ...request, boxIds };
  }

  /** Whether one more incident of a box may be stored. */
  admitBox(boxId: number): boolean {
    const isAdmitted = this.#bucket(boxId, this.#incidents).take() === 1;
    if (!isAdmitted) this.limited += 1;
    return isAdmitted;
  }

  #bucket(boxId: number, boxes = this.#boxes): TokenBucket {
    return boxes.use(boxId, () => new TokenBucket(this.#perHour, this.#perHour / HOUR_SECONDS, this.#clock));
  }
}
