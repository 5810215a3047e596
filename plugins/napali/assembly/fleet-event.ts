// The one open event of the fleet. A box joins when it passes a limit or leaves three sigma while the event is open. All times of a
// box are of its own clock and are compared only with its own, so clocks that differ do no harm.

class Member {
  boxId: u32 = 0;
  startMs: f64 = 0;
  /** newest measurement outside */
  endMs: f64 = 0;
  /** newest measurement above a limit; -Infinity: never */
  lastAboveMs: f64 = -Infinity;
  /** newest measurement of any kind */
  latestMs: f64 = 0;
  /** our clock when it came */
  heardMs: f64 = 0;
  /** was above a limit less than the grace time ago, by its own clock, and is still heard */
  loud: bool = false;
}

/** A window to ask for: boxes whose intervals lie near each other share one. */
export class Window {
  boxIds: u32[] = [];
  startMs: f64;
  endMs: f64;

  constructor(startMs: f64, endMs: f64) {
    this.startMs = startMs;
    this.endMs = endMs;
  }
}

export class FleetEvent {
  readonly type: u8;
  /** largest deviation from the reference, percent */
  magnitude: f64 = 0;
  /** start of its first window, as the first boxes' clocks have it; Infinity: nothing was asked for */
  firstMs: f64 = Infinity;
  private readonly graceMs: f64;
  private readonly members: Map<u32, Member> = new Map<u32, Member>();
  private loud: i32 = 0;
  private longestMs: f64 = 0;

  constructor(type: u8, graceMs: f64) {
    this.type = type;
    this.graceMs = graceMs;
  }

  get size(): i32 {
    return this.members.size;
  }

  /** A box that is above a limit (`above`) or outside three sigma; `sinceMs` is its last normal measurement. */
  join(boxId: u32, sinceMs: f64, timeMs: f64, above: bool, nowMs: f64): void {
    let member: Member;
    if (this.members.has(boxId)) {
      member = this.members.get(boxId);
    } else {
      member = new Member();
      member.boxId = boxId;
      member.startMs = sinceMs;
      member.latestMs = timeMs;
      this.members.set(boxId, member);
    }
    member.endMs = timeMs;
    if (above) member.lastAboveMs = timeMs;
    this.heard(member, timeMs, nowMs);
  }

  /** A normal measurement of a box: the first one after an excursion belongs to the window. */
  normal(boxId: u32, timeMs: f64, nowMs: f64): void {
    if (!this.members.has(boxId)) return;
    const member = this.members.get(boxId);
    if (member.latestMs === member.endMs) member.endMs = timeMs;
    this.heard(member, timeMs, nowMs);
  }

  get isOver(): bool {
    return this.loud === 0;
  }

  /** Whether some box's part has grown to `sliceMs`. */
  isLong(sliceMs: f64): bool {
    return this.longestMs >= sliceMs;
  }

  /** Boxes not heard for the grace time by our clock no longer keep the event open. */
  dropSilent(nowMs: f64): void {
    const members = this.members.values();
    for (let i = 0; i < members.length; i++) {
      if (nowMs - members[i].heardMs >= this.graceMs) this.setLoud(members[i], false);
    }
  }

  /** Windows of the whole event, and, for an event that goes on, where the next ones begin. */
  take(nearMs: f64): Window[] {
    const members = this.members.values();
    members.sort(byStartThenId);
    const windows: Window[] = [];
    for (let i = 0; i < members.length; i++) {
      const member = members[i];
      const last = windows.length - 1;
      if (last >= 0 && member.startMs <= windows[last].endMs + nearMs) {
        windows[last].boxIds.push(member.boxId);
        if (member.endMs > windows[last].endMs) windows[last].endMs = member.endMs;
      } else {
        const window = new Window(member.startMs, member.endMs);
        window.boxIds.push(member.boxId);
        windows.push(window);
      }
    }
    for (let i = 0; i < members.length; i++) {
      members[i].startMs = members[i].latestMs;
      members[i].endMs = members[i].latestMs;
    }
    this.longestMs = 0;
    return windows.filter((window) => window.endMs > window.startMs);
  }

  private heard(member: Member, timeMs: f64, nowMs: f64): void {
    if (timeMs > member.latestMs) member.latestMs = timeMs;
    member.heardMs = nowMs;
    this.setLoud(member, member.latestMs - member.lastAboveMs < this.graceMs);
    const length = member.latestMs - member.startMs;
    if (length > this.longestMs) this.longestMs = length;
  }

  private setLoud(member: Member, loud: bool): void {
    if (member.loud === loud) return;
    member.loud = loud;
    this.loud += loud ? 1 : -1;
  }
}

function byStartThenId(a: Member, b: Member): i32 {
  if (a.startMs !== b.startMs) return a.startMs < b.startMs ? -1 : 1;
  return a.boxId < b.boxId ? -1 : a.boxId > b.boxId ? 1 : 0;
}
