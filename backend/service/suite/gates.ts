import type { GATE_STATES } from '../../base/vocabulary'
import type { Span } from '../../contract'
import { databaseTime } from '../../database/clock'
import { createGate } from '../../gate/gate'
import { apiOf, isLearned, type LimitInForce, type Limits, withLearned } from '../../gate/limits'
import type { GateRow } from '../../gate/store'
import type { Service } from '../base/context'
import { DAY_MS, limitText } from '../jobs/estimate'

/** A limit with its state. */
export interface GateState {
  name: string
  /** With the figures that the upstream reported. */
  limit: LimitInForce
  /** Absent: nothing was asked of it yet. */
  row?: GateRow
}

type State = (typeof GATE_STATES)[number]

/** @param row absent: nothing was asked of it yet */
export const stateOf = (row: Pick<GateRow, 'blockedUntil' | 'trippedUntil'> | undefined): State =>
  row?.trippedUntil ? 'tripped' : row?.blockedUntil ? 'blocked' : 'ready'

/** A limit as entry points show it. */
export interface GateInfo {
  name: string
  state: State
  /** In words: `one every 10 s, 1 at once`. */
  limit: string
  api: string
  /** `learned`: the upstream reported the limit of this window. */
  used: { span: Span; used: number; of: number; windowMs: number; learned: boolean }[]
  inFlight: number
  concurrent: number | null
  /** When a spaced limit has its next free slot; null: now. */
  nextAt: string | null
  blockedUntil: string | null
  blockedReason: string | null
  /** Failures in a row; at five the breaker trips. */
  failures: number
  trippedUntil: string | null
  granted: number
  /** Requests that this limit delayed. */
  waits: number
  /** Answers by which the upstream refused a request. */
  throttled: number
  /** Jobs with claimed tasks that have used this API, or that wait for this limit. */
  users: { job: string; source: string; tasks: number; waiting: number }[]
}

/** Hosts and keys shown of one limit: thousands of hosts may have been asked. */
const MAX_OF_A_LIMIT = 50

/** Gates that delay requests come first, then those in use, then those used most. */
const weightOf = (row: GateRow): number[] => [Number(stateOf(row) !== 'ready'), row.inFlight, row.used.requests ?? 0, Number(row.granted)]

function busier(a: GateRow, b: GateRow): number {
  const others = weightOf(b)
  const [n, difference] =
    [...weightOf(a).entries()].map(([at, weight]) => [at, (others[at] ?? 0) - weight]).find(([, by]) => by !== 0) ?? []
  return n === undefined ? 0 : (difference ?? 0)
}

/** Limits that were never used have no row; rows of hosts and keys belong to their limit. */
function join(limits: Limits, rows: readonly GateRow[], most: number): GateState[] {
  const byLimit = new Map<string, GateRow[]>()
  for (const row of rows) {
    const [limit = row.name] = row.name.split(':')
    const own = byLimit.get(limit)
    if (own) own.push(row)
    else byLimit.set(limit, [row])
  }
  return [...limits].flatMap(([name, limit]) => {
    const own = (byLimit.get(name) ?? []).toSorted(busier).slice(0, most)
    return own.length === 0 ? [{ name, limit }] : own.map((row) => ({ name: row.name, limit: withLearned(limit, row.learned), row }))
  })
}

/**
 * Every limit in force with its state, and the database's time.
 * @param most hosts, keys or accounts of a limit
 * @param among only gates that may be in use, and these
 */
export async function gateStates(
  { db, limits }: Pick<Service, 'db' | 'limits'>,
  most = MAX_OF_A_LIMIT,
  among?: readonly string[],
): Promise<{ gates: GateState[]; now: Date }> {
  // Read first: the gate would wait for an unreachable database, which an entry point should report.
  const now = await databaseTime(db)
  return { gates: join(limits, await createGate(db, limits).list(among), most), now }
}

/** Every limit, and who uses it. */
export async function listGates(service: Pick<Service, 'db' | 'limits'>): Promise<GateInfo[]> {
  const [{ gates, now }, users] = await Promise.all([gateStates(service), readUsers(service)])
  return gates.map((gate) => infoOf(gate, now, users))
}

export function infoOf({ name, limit, row }: GateState, now: Date, users: readonly User[]): GateInfo {
  const future = (at: Date | null | undefined) => (at && at > now ? at.toISOString() : null)
  const used: GateInfo['used'] = []
  const add = (span: Span, of: number, windowMs: number) =>
    used.push({ span, used: row?.used[span] ?? 0, of, windowMs, learned: isLearned(limit, span, row?.learned) })
  if (limit.requests && limit.perMs) add('requests', limit.requests, limit.perMs)
  if (limit.perDay) add('day', limit.perDay, limit.dayMs ?? DAY_MS)
  return {
    name,
    state: stateOf(row),
    limit: limitText(limit),
    api: apiOf(name.split(':')[0] ?? name),
    used,
    inFlight: row?.inFlight ?? 0,
    concurrent: limit.concurrent ?? null,
    nextAt: future(row?.nextAt),
    blockedUntil: future(row?.blockedUntil),
    blockedReason: row?.blockedReason ?? null,
    failures: row?.failures ?? 0,
    trippedUntil: future(row?.trippedUntil),
    granted: Number(row?.granted ?? 0),
    waits: Number(row?.waits ?? 0),
    throttled: Number(row?.throttled ?? 0),
    users: users.filter((user) => user.gate === name).map(({ gate: _, ...user }) => user),
  }
}

type User = GateInfo['users'][number] & { gate: string }

/** Only ready tasks of admitted jobs can use a gate, and there are never more of them than places. */
export async function readUsers({ db }: Pick<Service, 'db'>): Promise<User[]> {
  return await db.query<User>(
    `select u.gate, u.job_id as job, j.source, (count(*) filter (where u.held))::int as tasks, (count(*) filter (where not u.held))::int as waiting
       from (select k.gate, t.job_id, true as held from backhaul.tasks t, jsonb_object_keys(t.traffic) k(gate)
              where t.claim is not null and t.state = 'ready'
             union all
             select t.waiting_on, t.job_id, false from backhaul.jobs a join backhaul.tasks t on t.job_id = a.id
              where a.admitted and t.claim is null and t.state = 'ready' and t.waiting_on is not null and t.due_at > clock_timestamp()) u
       join backhaul.jobs j on j.id = u.job_id
      where j.admitted and j.status = 'running' group by 1, 2, 3 order by 4 desc, 5 desc, 2`,
  )
}
