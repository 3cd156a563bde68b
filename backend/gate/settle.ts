import { Throttled } from '../base/errors'
import type { RequestClass } from '../contract'
import type { Clock } from './clock'
import type { Grant, Outcome } from './grant'
import { type Limits, rowOf } from './limits'
import type { Decision, GateStore, Question, RowOutcome } from './store'

interface Owed {
  rows: Map<string, RowOutcome>
  class: RequestClass
  id: string
  at: number
}

/** A request that was sent within this time of its slot counts as sent at its slot, ms; the function gate_delta uses the same value. */
const DELTA_MS = 15

/** How long the release of a place waits to be sent with another query, ms. */
const RIDE_MS = 20
/** Pause before another try while the database is unreachable, ms. */
const AGAIN_MS = 5_000

/** Whether a reported limit can be one: 0 would stop all requests for ever. */
const isFigure = (figure: number): boolean => Number.isInteger(figure) && figure > 0 && figure < 2 ** 31

/** Writes outcomes; while the database is unreachable, it keeps them in memory. */
export function createSettler(store: GateStore, clock: Clock, limits: Limits, local: () => number) {
  const owed: Owed[] = []
  /** Requests that ended well and only have places to release, each with its gates. Writing one twice does no harm. */
  const ended = new Map<string, readonly string[]>()
  /** Those of them that a query under way has taken along. */
  const riding = new Set<string>()
  const settling = new Set<Promise<void>>()
  let fault: unknown
  let timer: NodeJS.Timeout | undefined

  const realCost = (api: string, booked: number, { cost }: Outcome): number =>
    limits.get(api)?.tokens ? Math.ceil(cost?.[api] ?? booked) : booked

  function rowsOf(grant: Grant, outcome: Outcome): Map<string, RowOutcome> {
    const rows = new Map<string, RowOutcome>()
    const add = (row: string, fields: RowOutcome) => rows.set(row, { ...rows.get(row), ...fields })
    const rowFor = (api: string) => {
      const limit = limits.get(api)
      return grant.names.get(api) ?? (limit && rowOf(api, limit, grant.scopeOf))
    }
    const apis = new Map([...grant.names].map(([api, row]) => [row, api]))
    for (const [row, { cost, spans, spacing, concurrent, breaker }] of grant.rows) {
      if (concurrent) add(row, {})
      if (!outcome.sent) {
        add(row, { cost, real: 0, spans, spacing, unused: true, probe: breaker && grant.probe })
        continue
      }
      const late = spacing !== undefined && outcome.leftAt !== undefined ? clock.now() - (local() - outcome.leftAt) : 0
      if (late > grant.at + DELTA_MS) add(row, { spacing, left: Math.ceil(late) })
      const real = realCost(apis.get(row) ?? '', cost, outcome)
      if (real !== cost) add(row, { cost, real, spans })
      if (breaker && (outcome.result === 'failed' || grant.failing || grant.probe)) {
        add(row, { outcome: outcome.result, probe: grant.probe })
      }
    }
    const refused = outcome.throttled === undefined ? undefined : (rowFor(outcome.throttled) ?? [...grant.rows.keys()][0])
    if (refused !== undefined) add(refused, { throttled: true })
    for (const { api, until, reason } of outcome.block ?? []) {
      const row = rowFor(api)
      const block = Math.ceil(until.getTime() - Date.now() + clock.now())
      if (row && block > (rows.get(row)?.block ?? 0)) add(row, { block, blockReason: reason })
    }
    for (const { api, tokens, span = 'requests' } of outcome.remaining ?? []) {
      const row = rowFor(api)
      const spans = row ? grant.rows.get(row)?.spans : undefined
      if (row && spans?.[span]) add(row, { spans, remaining: { ...rows.get(row)?.remaining, [span]: Math.max(0, Math.floor(tokens)) } })
    }
    for (const { api, ...figures } of outcome.limits ?? []) {
      const row = rowFor(api)
      const learned = Object.entries(figures).filter(([, figure]) => isFigure(figure))
      if (row && learned.length > 0) add(row, { limits: { ...rows.get(row)?.limits, ...Object.fromEntries(learned) } })
    }
    return rows
  }

  /** What may be written twice: an outcome may have been written although its answer was lost. */
  const repeatable = (rows: Map<string, RowOutcome>): Map<string, RowOutcome> =>
    new Map([...rows].map(([row, { block, blockReason, limits, outcome, probe }]) => [row, { block, blockReason, limits, outcome, probe }]))

  async function settle(grant: Grant, outcome: Outcome, rows = rowsOf(grant, outcome)): Promise<Date | undefined> {
    if (rows.size === 0) return undefined
    try {
      const held = await store.settle(rows, grant.class, grant.id, grant.at)
      return held === undefined ? undefined : new Date(held)
    } catch (error) {
      if (!(error instanceof Throttled)) throw error
      owed.push({ rows: repeatable(rows), class: grant.class, id: grant.id, at: grant.at })
      return undefined
    }
  }

  /** Keeps an error of work that no caller awaits until the next call. */
  function track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => void settling.delete(tracked),
      (error: unknown) => {
        settling.delete(tracked)
        fault = error
      },
    )
    settling.add(tracked)
  }

  function forget(ids: readonly string[]): void {
    for (const id of ids) ended.delete(id)
    if (ended.size > 0) return
    clearTimeout(timer)
    timer = undefined
  }

  async function flush(): Promise<void> {
    const left = [...ended].filter(([id]) => !riding.has(id))
    if (left.length === 0) return
    const ids = left.map(([id]) => id)
    try {
      await store.end([...new Set(left.flatMap(([, names]) => names))], ids)
      forget(ids)
    } catch (error) {
      if (!(error instanceof Throttled)) throw error
      wake(AGAIN_MS)
    }
  }

  function wake(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      track(flush())
    }, ms).unref()
  }

  /** Waits for pending writes, so that no request finds the place of the one before it still taken. */
  async function settled(): Promise<void> {
    await Promise.all(settling)
    if (fault === undefined) return
    const error = fault
    fault = undefined
    throw error
  }

  /** @throws {Throttled} while the database is unreachable */
  async function payOwed(): Promise<void> {
    for (let one = owed[0]; one; one = owed[0]) {
      await store.settle(one.rows, one.class, one.id, one.at)
      if (owed[0] === one) owed.shift()
    }
  }

  return {
    settle: (grant: Grant, outcome: Outcome) => settle(grant, outcome),

    /** Settles while the caller continues; the release of a place is sent with the next query about the same gates. */
    soon(grant: Grant, outcome: Outcome): void {
      const rows = rowsOf(grant, outcome)
      if (rows.size === 0) return
      const corrects = [...rows.values()].some((fields) => Object.keys(fields).length > 0)
      if (corrects) {
        track(settle(grant, outcome, rows))
        return
      }
      ended.set(grant.id, [...rows.keys()])
      if (!timer) wake(RIDE_MS)
    },

    /** Runs the query once all earlier outcomes are written or sent along. @throws {Throttled} while the database is unreachable */
    async acquire(question: Question): Promise<Decision> {
      await settled()
      await payOwed()
      const ids = [...ended].filter(([, names]) => names.every((name) => question.rows.has(name))).map(([id]) => id)
      for (const id of ids) riding.add(id)
      try {
        const answer = await store.acquire({ ...question, ended: ids })
        forget(ids)
        return answer
      } finally {
        for (const id of ids) riding.delete(id)
        if (ended.size > 0 && !timer) wake(AGAIN_MS)
      }
    },

    /** Writes what was not sent with another query. @throws {Error} the error of work that no caller awaited */
    async close(): Promise<void> {
      await flush()
      clearTimeout(timer)
      await settled()
    },
  }
}
