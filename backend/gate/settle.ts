import { Throttled } from '../engine/errors'
import type { RequestClass, Verdict } from '../engine/source'
import type { Clock } from './clock'
import type { Grant } from './gate'
import { type Limits, rowOf } from './limits'
import type { GateStore, RowOutcome } from './store'

/** What became of a grant. */
export interface Outcome extends Pick<Verdict, 'block' | 'remaining' | 'cost'> {
  /** False: no request left; its moment and cost are given back. */
  sent: boolean
  /** When the request left, by `performance.now()`; the process may have been held up after the gate was asked. */
  leftAt?: number
  /** For the breaker: the API answered, or it failed (5xx, timeout, no connection). Absent: neither. */
  result?: 'ok' | 'failed'
  /** The API or part in whose name the upstream refused the request. */
  throttled?: string
}

interface Owed {
  rows: Map<string, RowOutcome>
  class: RequestClass
  id: string
  at: number
}

/** A request that left within this long of its moment is where the gate thinks it is, ms; the function gate_delta says the same. */
const DELTA_MS = 15

/** Writes outcomes; while the database is away it keeps them. */
export function createSettler(store: GateStore, clock: Clock, limits: Limits, local: () => number) {
  const owed: Owed[] = []

  const realCost = (api: string, booked: number, { cost }: Outcome): number =>
    limits.get(api)?.tokens ? Math.ceil(cost?.[api] ?? booked) : booked

  function told(grant: Grant, outcome: Outcome): Map<string, RowOutcome> {
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
    for (const { api, tokens } of outcome.remaining ?? []) {
      const row = rowFor(api)
      const spans = row ? grant.rows.get(row)?.spans : undefined
      if (row && spans?.requests) add(row, { spans, remaining: Math.max(0, Math.floor(tokens)) })
    }
    return rows
  }

  /** What may be said twice: an outcome whose answer was lost may have been written already. */
  const repeatable = (rows: Map<string, RowOutcome>): Map<string, RowOutcome> =>
    new Map([...rows].map(([row, { block, blockReason, outcome, probe }]) => [row, { block, blockReason, outcome, probe }]))

  return {
    async settle(grant: Grant, outcome: Outcome): Promise<Date | undefined> {
      const rows = told(grant, outcome)
      if (rows.size === 0) return undefined
      try {
        const held = await store.settle(rows, grant.class, grant.id, grant.at)
        return held === undefined ? undefined : new Date(held)
      } catch (error) {
        if (!(error instanceof Throttled)) throw error
        owed.push({ rows: repeatable(rows), class: grant.class, id: grant.id, at: grant.at })
        return undefined
      }
    },

    /** @throws {Throttled} while the database is away */
    async payOwed(): Promise<void> {
      for (let one = owed[0]; one; one = owed[0]) {
        await store.settle(one.rows, one.class, one.id, one.at)
        if (owed[0] === one) owed.shift()
      }
    },
  }
}
