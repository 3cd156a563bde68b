import type { Limit } from '../../contract'
import { ACTIVE } from '../../engine/store'
import { limitsNow } from '../../gate/learned'
import { shareOf } from '../../gate/limits'
import { databaseCache, perDatabase } from '../base/caches'
import type { Service } from '../base/context'
import { type Budget, endsOf, paceBeside, paceSeen } from './budget'
import { DAY_MS, leastMs } from './estimate'
import { rateMeter } from './rates'

/*
 * How long jobs still take whose stages foresee their requests: by the limits of each API, by the budgets of days that they share, and by
 * the pace of the last seconds.
 */

interface Row {
  id: string
  api: string
  requests: number
  weight: number
  /** Null: it had no turn yet, and begins where the others are. */
  served: number | null
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
       select t.job_id, t.lane, t.stage, min(t.queue) as queue, count(*)::float8 as tasks from (select distinct job_id from wanted) w
         join backhaul.tasks t on t.job_id = w.job_id and t.state in ('waiting', 'ready') where t.lane is not null
        group by 1, 2, 3
       -- A lane that waits for a person needs nothing until then.
       having not exists (select 1 from backhaul.tasks h
                           where h.job_id = t.job_id and h.state = 'ready' and h.lane = t.lane and h.held_by is not null))
     -- What is not done yet takes a request at least, whatever was foreseen.
     select j.id, w.api, sum(greatest(o.tasks, w.requests - coalesce(m.requests, 0)))::float8 as requests, coalesce(j.weight, 1)::float8 as weight,
            min(s.served)::float8 as served, j.priority = 0 as "isLive"
       from wanted w join open o using (job_id, lane, stage) left join made m using (job_id, lane, stage, api)
       join backhaul.jobs j on j.id = w.job_id left join backhaul.shares s on s.job_id = w.job_id and s.queue = o.queue group by j.id, w.api`,
  )

/** A day as the gate counts it, and what came in it beside backfills: of how many ms. */
interface Day extends Omit<Budget, 'room' | 'perMs'> {
  others: { requests: number; ms: number }
}

/** The days of these APIs, and what backfills used of them, where its limit counts one key for all. */
async function readDays(service: Service, days: ReadonlyMap<string, number>): Promise<Map<string, Day>> {
  const rows = await service.db.query<
    Omit<Day, 'used' | 'others'> & { api: string; used: Budget['used'] | null; live: number; liveMs: number }
  >(
    `select d.api, part::float8 as "partMs", reach::float8 as "reachMs", (now_ms % part)::float8 as "intoPartMs",
            u.used, coalesce(u.live, 0)::float8 as live, coalesce(now_ms - u.first + part, 0)::float8 as "liveMs"
       from unnest($1::text[], $2::bigint[]) d(api, ms), lateral (select (d.ms + 59) / 60 as part, backhaul.gate_reach(d.ms) as reach,
            backhaul.gate_ms(clock_timestamp()) as now_ms) c, lateral (
         select jsonb_agg(jsonb_build_object('inMs', u."end" + reach - now_ms, 'requests', u.backfill)) filter (where u.backfill > 0) as used,
                sum(u.used - u.backfill) as live, min(u."end") as first
           from backhaul.gate_windows w, unnest(w.ends, w.used, w.backfill) u("end", used, backfill)
          where w.span = 'day' and split_part(w.gate, ':', 1) = d.api and u."end" + reach > now_ms) u`,
    [[...days.keys()], [...days.values()]],
  )
  return new Map(
    rows.map(({ api, used, live, liveMs, ...day }) => [api, { ...day, used: used ?? [], others: { requests: live, ms: liveMs } }]),
  )
}

const cache = databaseCache<Map<string, number>>(2_000)
const paces = perDatabase(() => rateMeter())

/** A job with less left than this has its turns soon enough: the pace of others does not decide, ms. */
const SOON_MS = 60_000

/**
 * The time of requests at the pace they are made at now, if that is slower than the limits let them be; else by the limits, ms.
 * @param isShared whether jobs take turns at the budget of a day, so that the pace of the last seconds may be that of another's turn
 */
export function slowerOf(byLimits: number, { requests, perSecond = 0, isShared }: Pace): number {
  if (perSecond <= 0 || (isShared && byLimits >= SOON_MS)) return byLimits
  return Math.max(byLimits, Math.round((requests / perSecond) * 1000))
}

interface Pace {
  requests: number
  perSecond?: number | undefined
  isShared: boolean
}

/**
 * The time left of running jobs whose stages foresee their requests, ms. The slowest of their APIs decides, or the pace of the last
 * seconds where the limits are not what they wait for.
 */
export const timesLeft = (service: Service): Promise<Map<string, number>> => cache(service).get('', () => readTimesLeft(service))

async function readTimesLeft(service: Service): Promise<Map<string, number>> {
  const rows = await readNeeds(service)
  if (rows.length === 0) return new Map()
  const limits = await limitsNow(service.db, service.limits)
  const apis = [...new Set(rows.map(({ api }) => api))].filter((api) => limits.has(api))
  const days = await readDays(service, new Map(apis.map((api) => [api, limits.get(api)?.dayMs ?? DAY_MS])))
  const left = new Map<string, number>()
  const shared = new Set<string>()
  const add = (id: string, ms: number) => left.set(id, Math.max(left.get(id) ?? 0, ms))
  for (const api of apis) {
    const limit = limits.get(api) as Limit
    const own = rows.filter((row) => row.api === api)
    const stand = Math.min(...own.flatMap(({ served }) => served ?? []))
    const needs = own.map((row) => ({ ...row, served: row.served ?? (Number.isFinite(stand) ? stand : 0) }))
    const backfills = needs.filter(({ isLive, requests }) => !isLive && requests > 0)
    const day = days.get(api)
    if (limit.perDay !== undefined) for (const { id } of backfills) shared.add(id)
    if (limit.perDay === undefined || !day) {
      for (const { id, requests, isLive } of needs) add(id, leastMs(requests, limit, !isLive))
      continue
    }
    const { others, ...counted } = day
    const budget: Budget = {
      ...counted,
      room: Math.floor(limit.perDay * (shareOf(limit, 'day') ?? 1)),
      perMs: Math.min(paceBeside(limit, others), paceSeen(day)),
    }
    for (const [id, ms] of endsOf(backfills, budget)) add(id, Math.round(ms))
  }
  const requests = new Map<string, number>()
  for (const row of rows) requests.set(row.id, (requests.get(row.id) ?? 0) + row.requests)
  const pace = paces(service)([...requests].map(([id, open]) => ({ id, seen: -open })))
  return new Map(
    [...left].map(([id, ms]) => {
      const own = { requests: requests.get(id) ?? 0, perSecond: pace.get(id), isShared: shared.has(id) }
      return [id, slowerOf(ms, own)]
    }),
  )
}
