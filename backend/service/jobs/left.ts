import type { Limit } from '../../contract'
import { ACTIVE } from '../../engine/store'
import { limitsNow } from '../../gate/learned'
import { shareOf } from '../../gate/limits'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { DAY_MS, leastMs } from './estimate'

/*
 * How long jobs still take that share the budget of a day: by the requests that their stages foresee, and by when the budget is free
 * again. Jobs get pages in proportion to their weights, so that the end of one depends on the others.
 */

/** What one job still needs of a budget. */
export interface Need {
  id: string
  requests: number
  weight: number
}

/** A rolling window of a limit, as far as backfills may use it. */
export interface Budget {
  /** What they may use in every window. */
  room: number
  windowMs: number
  /** What of it was used, and in how many ms from now it is free again. */
  used: readonly { inMs: number; requests: number }[]
  /** The most requests in a millisecond, by the other limits of the API. */
  perMs: number
}

/** Less than this of a request is what is left by rounding. */
const LEAST = 1e-6
/** More rounds than any real backlog needs: in each, what was used a window before is there again. */
const MAX_ROUNDS = 10_000

/**
 * In how many ms each job has made its requests, if the jobs share the budget by weight and each uses its share at once.
 * A job that the budget never lets end is left out.
 */
export function endsOf(needs: readonly Need[], { room, windowMs, used, perMs }: Budget): Map<string, number> {
  const ends = new Map<string, number>()
  let open = needs.map((need) => ({ ...need }))
  const due = used.map((one) => ({ ...one })).sort((a, b) => a.inMs - b.inMs)
  let free = Math.max(0, room - used.reduce((sum, { requests }) => sum + requests, 0))
  let now = 0
  for (let round = 0; open.length > 0 && round < MAX_ROUNDS; round++) {
    if (free < LEAST) {
      const next = due.shift()
      if (!next) break
      now = Math.max(now, next.inMs)
      free += next.requests
      continue
    }
    // Until the first of them has made its last request, or the budget is used up.
    const weights = open.reduce((sum, { weight }) => sum + weight, 0)
    const first = Math.min(...open.map(({ requests, weight }) => (requests / weight) * weights))
    const spent = Math.min(first, free)
    now += spent / perMs
    for (const one of open) one.requests -= (spent * one.weight) / weights
    free -= spent
    note(due, now + windowMs, spent, windowMs)
    for (const { id } of open.filter(({ requests }) => requests < LEAST)) ends.set(id, now)
    open = open.filter(({ requests }) => requests >= LEAST)
  }
  return ends
}

/** Notes when what was spent is free again: as the gate does, at the end of a sixtieth of the window. */
function note(due: { inMs: number; requests: number }[], at: number, requests: number, windowMs: number): void {
  const part = windowMs / 60
  const inMs = Math.ceil(at / part) * part
  const last = due.at(-1)
  if (last?.inMs === inMs) last.requests += requests
  else due.push({ inMs, requests })
}

/** The most requests in a millisecond by the limits that are no day's. */
function paceOf({ spacingMs, requests, perMs }: Limit, share: number | undefined): number {
  const spaced = spacingMs ? 1 / spacingMs : Number.POSITIVE_INFINITY
  const windowed = requests && perMs ? (requests * (share ?? 1)) / perMs : Number.POSITIVE_INFINITY
  const pace = Math.min(spaced, windowed)
  return Number.isFinite(pace) ? pace : 1
}

interface Row {
  id: string
  api: string
  requests: number
  weight: number
  isLive: boolean
}

/** What running jobs still need of each API, where pages have foreseen it. */
const readNeeds = (service: Service): Promise<Row[]> =>
  service.db.query<Row>(
    `with wanted as materialized (
       select f.job_id, f.lane, f.stage, e.key as api, e.value::float8 as requests
         from backhaul.foreseen f join backhaul.jobs j on j.id = f.job_id and j.admitted and j.status in ${ACTIVE},
              jsonb_each(f.requests) e),
     made as (
       select t.job_id, t.lane, t.stage, a.key as api, sum((a.value ->> 'requests')::float8) as requests
         from (select distinct job_id from wanted) w join backhaul.tasks t on t.job_id = w.job_id, jsonb_each(t.traffic) a
        where t.lane is not null group by 1, 2, 3, 4),
     open as (
       select t.job_id, t.lane, t.stage from (select distinct job_id from wanted) w
         join backhaul.tasks t on t.job_id = w.job_id and t.state in ('waiting', 'ready') where t.lane is not null
        group by 1, 2, 3
       -- A lane that waits for a person needs nothing until then.
       having not exists (select 1 from backhaul.tasks h
                           where h.job_id = t.job_id and h.state = 'ready' and h.lane = t.lane and h.held_by is not null))
     select j.id, w.api, sum(greatest(0, w.requests - coalesce(m.requests, 0)))::float8 as requests, coalesce(j.weight, 1)::float8 as weight,
            j.priority = 0 as "isLive"
       from wanted w join open o using (job_id, lane, stage) left join made m using (job_id, lane, stage, api)
       join backhaul.jobs j on j.id = w.job_id group by j.id, w.api`,
  )

/** What backfills used of the days of these APIs, by sub-window, where its limit counts one key for all. */
async function readUsed(
  service: Service,
  apis: readonly string[],
  windows: ReadonlyMap<string, number>,
): Promise<Map<string, Budget['used']>> {
  const rows = await service.db.query<{ api: string; atMs: number; requests: number }>(
    `select split_part(w.gate, ':', 1) as api, (u."end" - extract(epoch from clock_timestamp()) * 1000)::float8 as "atMs", u.backfill::float8 as requests
       from backhaul.gate_windows w, unnest(w.ends, w.backfill) u("end", backfill)
      where w.span = 'day' and split_part(w.gate, ':', 1) = any($1) and u.backfill > 0`,
    [apis],
  )
  const used = new Map<string, { inMs: number; requests: number }[]>()
  for (const { api, atMs, requests } of rows) {
    const inMs = atMs + (windows.get(api) ?? DAY_MS)
    if (inMs > 0) used.set(api, [...(used.get(api) ?? []), { inMs, requests }])
  }
  return used
}

const cache = databaseCache<Map<string, number>>(2_000)

/** The time left of running jobs whose stages foresee their requests, ms; the slowest of their APIs decides. */
export const timesLeft = (service: Service): Promise<Map<string, number>> => cache(service).get('', () => readTimesLeft(service))

async function readTimesLeft(service: Service): Promise<Map<string, number>> {
  const rows = await readNeeds(service)
  if (rows.length === 0) return new Map()
  const limits = await limitsNow(service.db, service.limits)
  const apis = [...new Set(rows.map(({ api }) => api))].filter((api) => limits.has(api))
  const windows = new Map(apis.map((api) => [api, limits.get(api)?.dayMs ?? DAY_MS]))
  const used = await readUsed(service, apis, windows)
  const left = new Map<string, number>()
  const add = (id: string, ms: number) => left.set(id, Math.max(left.get(id) ?? 0, ms))
  for (const api of apis) {
    const limit = limits.get(api) as Limit
    const needs = rows.filter((row) => row.api === api)
    const backfills = needs.filter(({ isLive, requests }) => !isLive && requests > 0)
    if (limit.perDay === undefined) {
      for (const { id, requests, isLive } of needs) add(id, leastMs(requests, limit, !isLive))
      continue
    }
    const budget: Budget = {
      room: Math.floor(limit.perDay * (shareOf(limit, 'day') ?? 1)),
      windowMs: windows.get(api) as number,
      used: used.get(api) ?? [],
      perMs: paceOf(limit, shareOf(limit, 'requests')),
    }
    for (const [id, ms] of endsOf(backfills, budget)) add(id, Math.round(ms))
  }
  return left
}
