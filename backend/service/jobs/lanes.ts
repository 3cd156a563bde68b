import { z } from 'zod'
import type { Reader } from '../../base/sql'
import { type Counted, type LANE_ORDERS, type LANE_STATES, OPEN_STATES, SETTLED_STATES } from '../../base/vocabulary'
import { COUNTS, FINISH, type Tasks } from '../../engine/jobs/progress'
import { findJob } from '../../engine/jobs/verbs'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { limitOf, makeCursor, momentSql, type Page, type PageAsk, pageOf, readCursor } from '../base/cursor'

export interface Lane extends Tasks, Counted {
  /** Empty for discovery tasks, which are outside lanes. */
  lane: string
  pages: number
  /** Sent for its tasks. */
  requests: number
  /** Received by its tasks. */
  bytes: number
  state: (typeof LANE_STATES)[number]
  /** Of a parked lane: when the first task is due. */
  until: string | null
  /** Of a parked lane: the API that this task waits for, or the kind of error after which it is tried again. */
  on: string | null
  /** The last error of a task that failed or is tried again. */
  errorKind: string | null
  error: string | null
}

export interface LanePage extends Page<Lane> {
  /** Lanes in all, discovery included. */
  total: number
}

export interface LaneAsk extends PageAsk {
  order?: (typeof LANE_ORDERS)[number]
}

type Computed = 'state' | 'until' | 'on' | 'errorKind' | 'error'
interface Read extends Omit<Lane, Computed> {
  /** Tasks that no worker holds yet although they are due. */
  due: number
  /** Of the ready task that is due next: when, and what it waits for. */
  wait: [at: string, on: string | null] | null
  fault: [at: string, kind: string, error: string | null] | null
  /** Lanes in all. */
  lanes: number
}

const STATES = [...OPEN_STATES, ...SETTLED_STATES]
/* The next and the last of a group as arrays that begin with a time: `array_agg … order by` would sort all tasks of the job. */
const COLUMNS = [
  `count(*)::int as total, count(claim)::int as held`,
  ...STATES.map((state) => `(count(*) filter (where state = '${state}'))::int as ${state}`),
  ...COUNTS.map((column) => `sum(${column})::float8 as ${column}`),
  ...['requests', 'bytes'].map((figure) => `coalesce(sum(used.${figure}), 0) as ${figure}`),
  `(count(*) filter (where state = 'ready' and claim is null and due_at <= statement_timestamp()))::int as due`,
  `min(array[${momentSql('due_at')}, coalesce(waiting_on, error_kind)]) filter (where state = 'ready' and claim is null) as wait`,
  `max(array[${momentSql('coalesce(settled_at, claimed_at, created_at)')}, error_kind, error])
     filter (where error_kind is not null and state in ('failed', 'ready', 'waiting')) as fault`,
  `(count(*) over ())::int as lanes`,
]
/** The order of the lanes, smallest first; discovery, which is no lane, comes first. */
const PLACE = {
  open: { sql: `lane <> '', -(waiting + ready), -total, lane`, of: (it: Read) => [-(it.waiting + it.ready), -it.total] },
  lane: { sql: 'lane', of: () => [] },
}

type Rows = { order: keyof typeof PLACE; after?: string[]; limit: number }

/** Reads the job's tasks once, whichever page is asked for. */
function readLanes(db: Reader, jobId: string, { order, after, limit }: Rows): Promise<Read[]> {
  const [open, total, lane] = ['$3::int', '$4::int', '$5::text']
  const past = order === 'lane' ? 'lane > $3::text' : `(${PLACE.open.sql}) > (${lane} <> '', ${open}, ${total}, ${lane})`
  return db.query<Read>(
    `with lanes as (
       select coalesce(lane, '') as lane, ${COLUMNS.join(', ')}
         from backhaul.tasks t, lateral (
           select sum((e.value ->> 'requests')::float8) as requests, sum((e.value ->> 'bytes')::float8) as bytes from jsonb_each(t.traffic) e) used
        where job_id = $1 and stream <> '${FINISH}' group by 1)
     select * from lanes ${after ? `where ${past}` : ''} order by ${PLACE[order].sql} limit $2`,
    [jobId, limit, ...(after ?? [])],
  )
}

const iso = (at: string): string => new Date(at).toISOString()

function stateOf({ held, due, ready, waiting }: Read): Lane['state'] {
  if (held > 0) return 'active'
  if (due > 0) return 'waiting'
  return ready > 0 ? 'parked' : waiting > 0 ? 'waiting' : 'ended'
}

function laneOf(read: Read): Lane {
  const { due: _, wait, fault, lanes: __, ...row } = read
  const state = stateOf(read)
  const [at, on] = (state === 'parked' && wait) || [null, null]
  return { ...row, state, until: at && iso(at), on, errorKind: fault?.[1] ?? null, error: fault?.[2] ?? null }
}

/** The first lanes of a job, those with most open tasks. */
export const firstLanes = async (db: Reader, jobId: string, limit: number): Promise<Lane[]> =>
  (await readLanes(db, jobId, { order: 'open', limit })).map(laneOf)

const wholeText = z.string().regex(/^(0|-[1-9]\d{0,8})$/)
const placeOf = { open: z.tuple([wholeText, wholeText, z.string()]), lane: z.tuple([z.string()]) }

const lanePages = databaseCache<LanePage>(500)

/** A job's lanes, those with most open tasks first by default. @throws {Refused} `missing`, `input` */
export async function listLanes(
  service: Pick<Service, 'db'>,
  id: string,
  { order = 'open', most, ...ask }: LaneAsk & { most?: number } = {},
): Promise<LanePage> {
  const job = await findJob(service, id)
  const limit = limitOf(ask, most)
  const list = `lanes of ${job.id}`
  const after = readCursor<string[]>(list, { order }, placeOf[order], ask.cursor)
  const find = async (): Promise<LanePage> => {
    const rows = await readLanes(service.db, job.id, { order, after, limit: limit + 1 })
    const cursorAfter = (row: Read) => makeCursor(list, { order }, [...PLACE[order].of(row).map(String), row.lane])
    return Object.assign(pageOf(rows, limit, cursorAfter, laneOf), { total: rows[0]?.lanes ?? 0 })
  }
  // Like the other parts of a job, the sums over up to 200,000 tasks are computed less often than they are shown.
  return await lanePages(service).get(JSON.stringify([list, job.status, order, after, limit]), find)
}
