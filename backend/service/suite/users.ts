import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { ANSWERS, REQUEST_FIGURES } from '../../base/uses'
import { databaseTime } from '../../database/clock'
import { apiOf } from '../../gate/limits'
import { labelOf } from '../base/about'
import type { Service } from '../base/context'

/** Who used an API. */
export interface ApiUser {
  /** Id of the job; null: lookups, which are of no job. */
  job: string | null
  source: string | null
  /** What the job reads, or the kind of lookups, for people. */
  label: string
  requests: number
  /** Of all requests to this API, 0 to 1. */
  share: number
  /** How many of them were of the class `live`; the others were backfills. */
  live: number
  /** Refused because of the limits of the upstream, and failed: 5xx, or no answer. */
  throttled: number
  failed: number
  waitMs: number
}

export interface ApiUsers {
  api: string
  since: string
  requests: number
  live: number
  /** The largest users first. */
  items: ApiUser[]
}

const MAX_USERS = 50

/** Index of a figure in SQL, which counts from 1. */
const at = (figure: (typeof REQUEST_FIGURES)[number]): number => REQUEST_FIGURES.indexOf(figure) + 1

interface Row {
  who: string
  requests: number
  live: number
  throttled: number
  failed: number
  waitMs: number
  source: string | null
  params: Json
  activeKey: string | null
}

/**
 * Who used the API of a limit in the last minutes, and how much of it.
 * @param limit name of the limit: its parts are used together
 * @throws {Refused} `missing` for an unknown limit
 */
export async function usersOf(service: Pick<Service, 'db' | 'limits' | 'sources'>, limit: string, minutes: number): Promise<ApiUsers> {
  const { db, limits, sources } = service
  if (!limits.has(limit)) throw new Refused('missing', `There is no limit "${limit}"; there are ${[...limits.keys()].join(', ')}.`, 'name')
  const api = apiOf(limit)
  const since = new Date((await databaseTime(db)).getTime() - minutes * 60_000)
  const rows = await db.query<Row>(
    `with used as (
       select who, sum(r.requests)::float8 as requests, sum(coalesce(counts[${at('live')}], 0))::float8 as live,
              sum(coalesce(counts[${at('429')}], 0))::float8 as throttled, sum(coalesce(counts[${at('5xx')}], 0) + coalesce(counts[${at('failed')}], 0))::float8 as failed,
              sum(coalesce(counts[${at('waitMs')}], 0))::float8 as wait_ms
         from backhaul.uses
        cross join lateral (select coalesce(sum(n), 0) as requests from unnest(counts[1:${ANSWERS.length}]) n) r
        where minute >= $1 and api = $2 group by who
     )
     select u.who, u.requests, u.live, u.throttled, u.failed, u.wait_ms as "waitMs", j.source, j.params, j.active_key as "activeKey"
       from used u left join backhaul.jobs j on j.id = case when u.who ~ '^[0-9a-f]{8}-' then u.who::uuid end
      order by u.requests desc, u.wait_ms desc, u.who`,
    [since, api],
  )
  const requests = rows.reduce((sum, row) => sum + row.requests, 0)
  return {
    api,
    since: since.toISOString(),
    requests,
    live: rows.reduce((sum, row) => sum + row.live, 0),
    items: rows.slice(0, MAX_USERS).map(({ who, source, params, activeKey, ...figures }) => ({
      job: source === null ? null : who,
      source,
      label: source === null ? who : labelOf({ source, params, activeKey }, sources),
      ...figures,
      share: requests === 0 ? 0 : figures.requests / requests,
    })),
  }
}
