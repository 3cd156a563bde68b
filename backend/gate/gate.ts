import { randomUUID } from 'node:crypto'
import { Throttled } from '../base/errors'
import type { Reader } from '../base/sql'
import type { Pace, RequestClass } from '../contract'
import { type Ask, deltaFor, type RowAsk, rowsOf, spansOf, withDelta } from './asks'
import { createClock } from './clock'
import type { Grant, Outcome } from './grant'
import type { Limits } from './limits'
import { createSettler } from './settle'
import { sleepUntil } from './sleep'
import { createGateStore, type Decision, type GateRow } from './store'

/** The pace of a job makes its request wait. Other jobs need not wait, so the caller should hold nothing that they need meanwhile. */
export class Paced extends Throttled {
  constructor(
    until: Date,
    /** How long to wait from now, ms. */
    readonly inMs: number,
  ) {
    super('its own pace', until)
  }
}

export interface AcquireOptions {
  /** The pace of the request's job. */
  pace?: Pace & { job: string }
  /** A slot promised earlier (`Throttled.slotAt`). */
  slotAt?: Date
  /** When a request that is never settled counts as lost, ms after its slot (default 60,000). */
  holdMs?: number
  signal?: AbortSignal
}

export interface Gate {
  /**
   * Waits for a slot that keeps every limit named, at most about 2 s.
   * @throws {Throttled} when the slot is further off (`until`; for `live` requests with the promised `slotAt`), or when the
   *   database is unreachable (`on` is `database`); times are by the database's clock
   * @throws {Paced} at once, however soon the slot is
   */
  acquire(asks: readonly Ask[], to: RequestClass, options?: AcquireOptions): Promise<Grant>
  /**
   * Records the outcome of a grant; runs no statement where there is nothing to write. While the database is unreachable, the outcome
   * is kept in memory and written before the next grant.
   * @returns until when the gate now delays requests, if it does
   */
  settle(grant: Grant, outcome: Outcome): Promise<Date | undefined>
  /**
   * The same for an outcome that delays no other request: it is written while the caller continues, and before its next grant. The
   * release of a place is sent with the query for that grant, or by itself within 20 ms.
   */
  settleSoon(grant: Grant, outcome: Outcome): void
  /** Converts a time by `performance.now()` to the database's clock: never too late, and too early by one round trip at most. */
  timeAt(moment: number): Date
  /**
   * The gates of all limits, for people.
   * @param among only those that may be in use, and these: what this costs follows what was asked of them lately
   */
  list(among?: readonly string[]): Promise<GateRow[]>
  /** Writes what `settleSoon` has not written yet; call it once no request runs any more. */
  close(): Promise<void>
}

/** The longest wait inside a call, ms. */
const INLINE_MS = 2_000
/** After a longer wait the gate is checked again before sending, ms. */
const CHECK_AFTER_MS = 250
/** Time for that check before the slot, ms. */
const CHECK_MS = 40
/** When a request that is never settled counts as lost, ms after its slot. */
const HOLD_MS = 60_000

/** What a request needs of the gate. */
interface Wanted extends Pick<Grant, 'class' | 'names' | 'scopeOf'> {
  rows: ReadonlyMap<string, RowAsk>
}

export interface GateOptions {
  /** The id of the worker whose requests these are: what a dead worker held is released by it. */
  holder?: string
  /** A clock that does not jump, ms; replaced by tests. */
  now?: () => number
}

/** Grants requests their slots, for all processes that share this database together. */
export function createGate(
  db: Reader,
  limits: Limits,
  { holder = 'nobody', now: local = () => performance.now() }: GateOptions = {},
): Gate {
  const clock = createClock(local)
  const store = createGateStore(db, clock, local)
  const settler = createSettler(store, clock, limits, local)
  const sleep = (until: number, signal?: AbortSignal) => sleepUntil(() => until - clock.atLeast(), signal)

  /** Waits for the granted slot; false when it was missed, or may have been, or when a gate closed meanwhile. */
  async function arrive(decision: Decision, rows: readonly string[], delta: number, signal?: AbortSignal): Promise<boolean> {
    if (decision.at - clock.now() > CHECK_AFTER_MS) {
      await sleep(decision.at - CHECK_MS, signal)
      if (await store.held(rows)) return false
    }
    await sleep(decision.at, signal)
    return lasts(decision, delta)
  }

  const lasts = ({ at, until }: Decision, delta: number): boolean => until === null || clock.atMost() <= Math.max(until, at + delta)

  function refuse(decision: Decision, waitsFor: string): Throttled {
    if (decision.reason === 'pace') return new Paced(new Date(decision.retryAt), decision.retryAt - clock.now())
    const on = decision.on ?? waitsFor
    if (decision.slot) return new Throttled(on, new Date(decision.slot), new Date(decision.slot))
    if (decision.reason === 'concurrent') return new Throttled(on, new Date(Math.max(decision.retryAt, clock.now() + 1_000)))
    const until = new Date(decision.retryAt)
    return new Throttled(on, until, undefined, `waiting for ${on} until ${until.toISOString()} (${decision.reason})`)
  }

  /** Runs two empty queries, so that the first grant is not missed because the clock is unknown and the connection new. */
  async function meet(): Promise<void> {
    for (let n = 0; n < 2; n++) await store.acquire({ rows: new Map(), class: 'backfill', id: '', slot: null, within: 0, lead: 0 })
  }

  const leadOf = (): number => (clock.roundTrip > 8 ? Math.min(200, clock.roundTrip) : 0)

  /** Asks once. @throws {Throttled} while the database is unreachable */
  async function ask(wanted: Wanted, slot: Date | undefined, within: number, lead: number) {
    const id = `${holder}/${randomUUID()}`
    const delta = deltaFor(clock.atMost() - clock.atLeast())
    const rows = withDelta(wanted.rows, delta)
    const decision = await settler.acquire({ rows, class: wanted.class, id, slot: slot?.getTime() ?? null, within, lead })
    if (!decision.granted) return { decision, delta, grant: undefined }
    const { at, probe, failing } = decision
    const times = { nextAt: new Date(decision.nextAt), waitedMs: 0, inTime: () => lasts(decision, delta) }
    return { decision, delta, grant: { ...wanted, id, at, rows, probe, failing, ...times } }
  }

  async function acquire(
    asks: readonly Ask[],
    to: RequestClass,
    { slotAt, signal, pace, holdMs = HOLD_MS }: AcquireOptions = {},
  ): Promise<Grant> {
    const wanted = { ...rowsOf(asks, limits, holdMs, pace), class: to, scopeOf: asks.find((one) => one.scopeOf)?.scopeOf }
    const began = local()
    if (!Number.isFinite(clock.atMost())) await meet()
    let lead = leadOf()
    for (;;) {
      signal?.throwIfAborted()
      const within = Math.max(lead + 50, INLINE_MS - (local() - began))
      const { decision, delta, grant } = await ask(wanted, slotAt, within, lead)
      if (!grant) {
        const isFar = decision.retryAt - clock.now() > INLINE_MS - (local() - began)
        if (decision.slot || decision.reason === 'pace' || isFar) throw refuse(decision, asks[0]?.api ?? 'gate')
        await sleep(decision.retryAt, signal)
        continue
      }
      let arrived = false
      try {
        arrived = await arrive(decision, [...grant.rows.keys()], delta, signal)
        if (arrived) return { ...grant, waitedMs: local() - began }
      } finally {
        if (!arrived) await settler.settle(grant, { sent: false })
      }
      lead = Math.min(250, Math.max(lead * 2, clock.now() - grant.at + 5, 0))
    }
  }

  return {
    acquire,
    settle: settler.settle,
    settleSoon: settler.soon,
    timeAt: (moment) => new Date(clock.atLeast() - (local() - moment)),
    list: (among) => store.list(spansOf(limits), among),
    close: settler.close,
  }
}
