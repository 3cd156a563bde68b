import { z } from 'zod'
import type { Json } from '../../base/json'
import type { Service } from '../base/context'
import {
  bigintText,
  limitOf,
  makeCursor,
  momentSql,
  momentText,
  type Page,
  type PageAsk,
  pageOf,
  readCursor,
  uuidText,
} from '../base/cursor'
import { checkFilter, conditions, findJobs, type JobAsk } from './filter'
import { type Group, groupsOf, type Key } from './order'

/*
 * One page of a list of jobs, in one statement: the groups of its order from where the last page ended, as far as they are needed.
 */

/** The sources that have jobs, found by skipping from one to the next in the index. */
const SOURCES = `with recursive o as ((select source from backhaul.jobs order by source limit 1) union all
    select (select j.source from backhaul.jobs j where j.source > o.source order by j.source limit 1) from o where o.source is not null)
  select source from o where source is not null`

/**
 * Jobs that need a person although they run: those that have stalled, and those of which work is held. As many rows are read as there
 * are such jobs, not as many as tasks wait.
 */
const TROUBLED = `held(key, job_id) as (
    select h.key, t.job_id from backhaul.holds h
      cross join lateral (select job_id from backhaul.tasks where held_by = h.key order by job_id limit 1) t where h.released_at is null
    union all
    select h.key, t.job_id from held h
      cross join lateral (select job_id from backhaul.tasks where held_by = h.key and job_id > h.job_id order by job_id limit 1) t
  ), troubled as materialized (
    select id, bool_or(stalled) as stalled from (
      select target_id::uuid as id, true as stalled from backhaul.alerts where kind = 'job_stalled' and target_id is not null
      union all select job_id, false from held) s group by id
  )`

/** The place after a row: the moment of the first page, the group, its keys, the id. */
type Place = [at: string, group: string, ...keys: string[]]

const KEYS: Record<Key['type'], z.ZodType<string>> = {
  timestamptz: momentText,
  bigint: bigintText,
  int: z.string().regex(/^-?\d{1,9}$/),
  float8: z.string().refine((text) => text.trim() !== '' && Number.isFinite(Number(text))),
  boolean: z.enum(['true', 'false']),
}

/** Of these groups. */
const placeOf = (groups: readonly Group[]): z.ZodType<Place> =>
  z.union(
    groups.map(({ keys }, n) => z.tuple([momentText, z.literal(String(n)), ...keys.map(({ type }) => KEYS[type]), uuidText] as never)),
  ) as unknown as z.ZodType<Place>

/** The ids of a page of jobs, and the cursor after it. @throws {Refused} `input` */
export async function listJobIds(service: Service, ask: JobAsk, page: PageAsk, most?: number): Promise<Page<string>> {
  checkFilter(service, ask)
  const { sort = 'newest', status, ...rest } = ask
  const limit = limitOf(page, most)
  const bound = { ...rest, sort, status: [...(status ?? [])].sort() } satisfies Json
  const groups = groupsOf(sort, (status?.length ?? 0) > 0 || ask.source !== undefined)
  const after = readCursor('jobs', bound, placeOf(groups), page.cursor)
  const values: unknown[] = [after?.[0] ?? null, limit + 1]
  const statement = pageSql(groups, { ...ask, found: await findJobs(service, ask.q) }, after, values)
  const rows = await service.db.query<{ id: string; at: string; group: number; place: string[] }>(statement, values)
  return pageOf(
    rows,
    limit,
    (row) => makeCursor('jobs', bound, [row.at, String(row.group), ...row.place, row.id]),
    (row) => row.id,
  )
}

interface Asked extends JobAsk {
  /** Jobs that its text finds. */
  found: readonly string[] | undefined
}

/** `$1` is the moment of the first page, `$2` how many rows are read. */
function pageSql(groups: readonly Group[], ask: Asked, after: Place | undefined, values: unknown[]): string {
  const where = conditions(ask, values, ask.found)
  const sources = ask.source === undefined ? `(${SOURCES})` : `(select $${values.push(ask.source)}::text as source)`
  const first = Number(after?.[1] ?? 0)
  const keys = after?.slice(2) ?? []
  const selects = groups.flatMap((group, n) =>
    n < first ? [] : (groupSql(group, n, { ask, where, sources, values, keys: n === first ? keys : [] }) ?? []),
  )
  if (selects.length === 0)
    return `select null::uuid as id, '' as at, 0 as "group", '{}'::text[] as place where $1::timestamptz is null and $2 < 0`
  const troubled = selects.some((sql) => sql.includes('from troubled')) ? `, ${TROUBLED}` : ''
  return `with recursive clock as materialized (select coalesce($1::timestamptz, clock_timestamp()) as at)${troubled}
    select g.id, ${momentSql('c.at')} as at, g."group", g.place from (${selects.join('\nunion all\n')}) g cross join clock c
     order by g."group", g.n limit $2`
}

interface About {
  ask: Asked
  where: string
  sources: string
  values: unknown[]
  /** Those of the last row, if the last page ended in this group. */
  keys: readonly string[]
}

/** Undefined for a group without jobs of the statuses asked for. */
function groupSql({ parts, keys, desc, bySource }: Group, number: number, about: About): string | undefined {
  const { ask, where, sources, values } = about
  const way = desc ? 'desc' : 'asc'
  const names = keys.map((_, n) => `k${n}`)
  const types = [...keys.map(({ type }) => type), 'uuid']
  const from = about.keys.map((text, n) => `$${values.push(text)}::${types[n]}`)
  const wanted = parts.filter(({ statuses }) => !ask.status?.length || statuses.some((one) => ask.status?.includes(one)))
  if (wanted.length === 0) return undefined
  const isNarrow = ask.status?.length && wanted.some((part) => part.statuses.length > 1)
  const statuses = isNarrow ? ` and status = any($${values.push(ask.status)}::backhaul.job_status[])` : ''
  const selects = wanted.map((part) => {
    const by = keys.map(({ sql }, n) => (n === 0 && part.by ? part.by : sql))
    const next = from.length > 0 ? ` and (${[...by, 'id'].join(', ')}) ${desc ? '<' : '>'} (${from.join(', ')})` : ''
    const narrow = part.statuses.length > 1 ? statuses : ''
    return `(select id, ${by.map((sql, n) => `${sql} as k${n}`).join(', ')} from backhaul.jobs
              where ${bySource ? 'source = o.source and ' : ''}${part.sql} and ${where}${narrow}${next}
              order by ${[...by, 'id'].map((sql) => `${sql} ${way}`).join(', ')} limit $2)`
  })
  const order = [...names, 'id'].map((name) => `${name} ${way}`).join(', ')
  const rows = bySource
    ? `${sources} o cross join lateral (select * from (${selects.join(' union all ')}) p order by ${order} limit $2) x`
    : `(${selects.join(' union all ')}) x`
  const place = keys.map(({ type }, n) => (type === 'timestamptz' ? momentSql(`k${n}`) : `k${n}::text`))
  return `select id, ${number} as "group", array[${place.join(', ')}] as place, row_number() over (order by ${order}) as n
            from (select id, ${names.join(', ')} from ${rows} order by ${order} limit $2) s`
}
