import type { Reader } from '../../base/sql'

/*
 * The failures of a job by their cause: the kind of the error, the API asked last, and the form of the message without what differs
 * from task to task. The index tasks_faults holds the tasks that have an error.
 */

/** Characters of a message that are compared. */
const COMPARED = 300
/** Paths and what follows them. */
const PATH = String.raw`'/[^\s,;]*'`
/** Words with a digit, except the status of an answer. */
const NUMBERED = String.raw`'\m(?!(?<=answered )[45]\d\d\M)[\w:.-]*\d[\w:.-]*'`
/** Host names, file names. */
const DOTTED = String.raw`'\m[[:alpha:]][\w-]*(\.[\w-]+)+\M'`
const QUOTED = `'"[^"]*"'`
/** Lists of such words. */
const REPEATED = `'#([ ,/]+#)+'`

const replaced = (text: string, pattern: string): string => `regexp_replace(${text}, ${pattern}, '#', 'g')`

/** The form of a message. @param error the expression of its first characters */
const formOf = (error: string): string =>
  [QUOTED, PATH, NUMBERED, DOTTED, REPEATED].reduce((text, pattern) => replaced(text, pattern), error)

const idOf = (kind: string, api: string, form: string): string => `left(md5(concat_ws(chr(10), ${kind}, ${api}, ${form})), 12)`

const ERROR = `left(coalesce(error, ''), ${COMPARED})`

/** The id of the group of a task, for the columns of `tasks`. */
export const FAULT_GROUP = idOf('error_kind', `coalesce(error_api, '')`, formOf(ERROR))

/** Tasks that failed, or are tried again, for the same cause. */
export interface FaultGroup {
  id: string
  kind: string
  api: string | null
  failed: number
  /** Tasks that are tried again. */
  retrying: number
  firstAt: Date
  lastAt: Date
  /** The one that failed last. */
  task: bigint
  stream: string
  key: string
  lane: string | null
  error: string
  /** Groups in all. */
  groups: number
}

const AT = 'coalesce(settled_at, claimed_at, created_at)'

/**
 * The groups with the most failed tasks. Messages are compared once for each text that occurs.
 * @param limit as many groups at most
 */
export async function faultGroups(db: Reader, jobId: string, limit: number): Promise<FaultGroup[]> {
  return await db.query<FaultGroup>(
    `with texts as (
       select error_kind as kind, error_api as api, ${ERROR} as error, (count(*) filter (where state = 'failed'))::int as failed,
              (count(*) filter (where state <> 'failed'))::int as retrying, min(${AT}) as first_at, max(${AT}) as last_at,
              max(array[extract(epoch from ${AT}), id]) as last
         from backhaul.tasks where job_id = $1 and error_kind is not null and state in ('failed', 'ready', 'waiting')
        group by 1, 2, 3
     ), groups as (
       select ${idOf('kind', `coalesce(api, '')`, formOf('error'))} as id, kind, api, sum(failed)::int as failed, sum(retrying)::int as retrying,
              min(first_at) as first_at, max(last_at) as last_at, max(last) as last, count(*) over () as groups
         from texts group by 1, 2, 3
     )
     select g.id, g.kind, g.api, g.failed, g.retrying, g.first_at as "firstAt", g.last_at as "lastAt", t.id as task, t.stream, t.key, t.lane,
            coalesce(t.error, '') as error, g.groups::int as groups
       from (select * from groups order by failed desc, retrying desc, last_at desc, kind, id limit $2) g join backhaul.tasks t on t.id = g.last[2]::bigint
      order by g.failed desc, g.retrying desc, g.last_at desc, g.kind, g.id`,
    [jobId, limit],
  )
}
