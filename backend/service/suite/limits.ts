import { Refused } from '../../base/errors'
import { groupBy } from '../../base/group'
import { DEFAULT_LIMIT } from '../../base/vocabulary'
import type { Limit } from '../../contract'
import { apiOf } from '../../gate/limits'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { limitText } from '../jobs/estimate'
import { limitOf, READINGS, type WaitingTasks, waitingTasks } from './gate-readings'
import { NEAR, windowUse } from './gate-use'
import { type GateInfo, type GateState, gateStates, infoOf, readUsers, stateOf } from './gates'

/** A limit with all its gates: one, or one for each host, key or account. */
export interface LimitInfo {
  name: string
  api: string
  sources: string[]
  /** In words: `one every 10 s, 1 at once`. */
  limit: string
  scope: Limit['scope']
  /** The worst of its gates. */
  state: GateInfo['state']
  /** Gates by what is wrong with them; `near`: at least 90 % of a window is used. */
  gates: { total: number; ready: number; blocked: number; tripped: number; failing: number; near: number }
  /** 0 to 1: of the fullest gate; of a limit with spacing, the share of its slots in the last minutes. Null: not known. */
  use: number | null
  /** The gate that is the worst, or else the fullest, in detail; null: nothing was asked yet. */
  worst: GateInfo | null
  inFlight: number
  granted: number
  waits: number
  throttled: number
  /** Tasks that wait for the limit itself, and those that wait because a gate is closed. */
  waiting: { limit: number; closed: number }
}

/** Readings older than this say nothing about now, minutes. */
const RECENT_MINUTES = 2

const RANK: GateInfo['state'][] = ['tripped', 'blocked', 'ready']

const isNear = ({ limit, row }: GateState): boolean => (windowUse(limit, row) ?? 0) >= NEAR
const isFailing = ({ row }: GateState): boolean => (row?.failures ?? 0) > 0 && stateOf(row) === 'ready'

/** Troubled gates first: tripped, blocked, failing, near their limit, in use, used before; then by name in natural order. */
export function troubledFirst(a: GateState, b: GateState): number {
  return (
    RANK.indexOf(stateOf(a.row)) - RANK.indexOf(stateOf(b.row)) ||
    Number(isFailing(b)) - Number(isFailing(a)) ||
    Number(isNear(b)) - Number(isNear(a)) ||
    (b.row?.inFlight ?? 0) - (a.row?.inFlight ?? 0) ||
    Number(b.row !== undefined) - Number(a.row !== undefined) ||
    (windowUse(b.limit, b.row) ?? 0) - (windowUse(a.limit, a.row) ?? 0) ||
    natural.compare(a.name, b.name)
  )
}
const natural = new Intl.Collator('en', { numeric: true })

/** Every gate of every limit, the troubled ones first. */
interface All {
  gates: Map<string, GateState[]>
  now: Date
}

const allGates = databaseCache<All>(1000)

/** With thousands of hosts this is the costly part, so it is read once for all who ask within a second. */
const readAll = (service: Pick<Service, 'db' | 'limits'>): Promise<All> =>
  allGates(service).get('', async () => {
    const { gates, now } = await gateStates(service, Number.POSITIVE_INFINITY)
    const byLimit = groupBy(gates, ({ name }) => limitOf(name))
    return { gates: new Map([...byLimit].map(([name, mine]) => [name, mine.sort(troubledFirst)])), now }
  })

/** Every limit, folded: the troubled ones first. */
export async function listLimits(service: Pick<Service, 'db' | 'limits' | 'sources'>): Promise<LimitInfo[]> {
  const [{ gates, now }, waiting, users, recent] = await Promise.all([
    readAll(service),
    waitingTasks(service.db),
    readUsers(service),
    recentUse(service),
  ])
  return [...gates]
    .toSorted(([, [a]], [, [b]]) => (a && b ? troubledFirst(a, b) : 0))
    .map(([name, mine]) => {
      const [worst] = mine
      const count = (is: (gate: GateState) => boolean) => mine.filter(is).length
      const sum = (figure: 'inFlight' | 'granted' | 'waits' | 'throttled') =>
        mine.reduce((total, { row }) => total + Number(row?.[figure] ?? 0), 0)
      const limit = service.limits.get(name) ?? mine[0]?.limit ?? { scope: 'ip' as const }
      return {
        name,
        api: apiOf(name),
        sources: service.sources.filter((source) => source.apis[apiOf(name)] !== undefined).map((source) => source.name),
        limit: limitText(limit),
        scope: limit.scope,
        state: stateOf(worst?.row),
        gates: {
          total: count(({ row }) => row !== undefined),
          ready: count(({ row }) => row !== undefined && stateOf(row) === 'ready'),
          blocked: count(({ row }) => stateOf(row) === 'blocked'),
          tripped: count(({ row }) => stateOf(row) === 'tripped'),
          failing: count(isFailing),
          near: count(isNear),
        },
        use: limit.spacingMs && windowUse(limit, undefined) === null ? (recent?.get(name) ?? (recent ? 0 : null)) : fullest(mine),
        worst: worst ? infoOf(worst, now, users) : null,
        inFlight: sum('inFlight'),
        granted: sum('granted'),
        waits: sum('waits'),
        throttled: sum('throttled'),
        waiting: waitingFor(name, mine, waiting),
      }
    })
}

const fullest = (gates: readonly GateState[]): number | null => {
  const shares = gates.flatMap(
    ({ limit, row }) => windowUse(limit, row) ?? (limit.concurrent ? [(row?.inFlight ?? 0) / limit.concurrent] : []),
  )
  return shares.length === 0 ? null : Math.min(1, Math.max(...shares))
}

function waitingFor(name: string, gates: readonly GateState[], waiting: readonly WaitingTasks[]): LimitInfo['waiting'] {
  const closed = new Set(gates.filter(({ row }) => stateOf(row) !== 'ready').map((gate) => gate.name))
  const sum = { limit: 0, closed: 0 }
  for (const { gate, tasks } of waiting) if (limitOf(gate) === name) sum[closed.has(gate) ? 'closed' : 'limit'] += tasks
  return sum
}

/** Average use of each limit by the last readings; undefined without any. */
async function recentUse({ db }: Pick<Service, 'db'>): Promise<Map<string, number> | undefined> {
  const rows = await db.query<{ name: string; limit: string | null; value: number }>(
    `select name, labels::jsonb ->> 'limit' as limit, sum(value)::float8 as value from backhaul.samples
      where minute > statement_timestamp() - interval '${RECENT_MINUTES + 1} minutes' and name in ('${READINGS.count}', '${READINGS.use}') group by 1, 2`,
  )
  const readings = rows.find(({ name }) => name === READINGS.count)?.value
  if (!readings) return undefined
  return new Map(rows.flatMap(({ name, limit, value }) => (name === READINGS.use && limit ? [[limit, value / readings]] : [])))
}

/** Some gates of a limit. */
export interface Gates {
  items: GateInfo[]
  /** How many match. */
  total: number
}

/**
 * The gates of a limit, the troubled ones first.
 * @param ask `q`: part of the name of a host, key or account
 * @throws {Refused} `missing` for an unknown limit
 */
export async function listGatesOf(
  service: Pick<Service, 'db' | 'limits'>,
  name: string,
  { q = '', limit = DEFAULT_LIMIT }: { q?: string; limit?: number },
): Promise<Gates> {
  if (!service.limits.has(name))
    throw new Refused('missing', `There is no limit "${name}"; there are ${[...service.limits.keys()].join(', ')}.`, 'name')
  const [{ gates, now }, users] = await Promise.all([readAll(service), readUsers(service)])
  const text = q.toLowerCase()
  const found = (gates.get(name) ?? []).filter((gate) => gate.row && gate.name.toLowerCase().includes(text))
  return { items: found.slice(0, limit).map((gate) => infoOf(gate, now, users)), total: found.length }
}
