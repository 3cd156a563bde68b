import type { Db } from '../../backend/database/db'
import type { TrueRecord } from '../../backend/sandbox/atproto/truth'
import { DOUBTFUL } from '../../backend/sources/atproto/records'

/** How the rows differ from what the network has, each record by its uri. */
export interface Differences {
  /** Not there, and nothing says why. */
  missing: string[]
  /** There with another CID. */
  other: string[]
  /** Of nobody's repo, or of one that is not to be read. */
  tooMany: string[]
  /** Not there, rejected with a reason. */
  rejected: number
  /** Not there, in a repo whose task failed. */
  unread: number
}

/** Tasks of a job that failed, with what they say of it. */
export const failedTasks = (
  db: Db,
  job: string,
): Promise<{ key: string; kind: string | null; error: string | null; lane: string | null }[]> =>
  db.query(`select key, error_kind as kind, error, lane from backhaul.tasks where job_id = $1 and state = 'failed' order by id`, [job])

/**
 * Compares record by record.
 * @param job its failed repos and its rejects explain missing records, and so do final rejects of earlier jobs
 */
export async function differences(db: Db, truth: readonly TrueRecord[], job: string): Promise<Differences> {
  const rows = await db.query<{ uri: string; cid: string }>('select uri, cid from atproto.records')
  const rejects = await db.query<{ key: string }>('select distinct key from backhaul.rejects where job_id = $1 or reason <> all($2)', [
    job,
    [...DOUBTFUL],
  ])
  const held = new Map(rows.map(({ uri, cid }) => [uri, cid]))
  const rejected = new Set(rejects.map(({ key }) => key))
  const failed = new Set((await failedTasks(db, job)).map(({ key }) => key))
  const wanted = new Map(truth.map((record) => [record.uri, record]))
  const absent = truth.filter(({ uri }) => !held.has(uri))
  const unread = absent.filter(({ uri, did }) => !rejected.has(uri) && failed.has(did))
  return {
    missing: absent.filter(({ uri, did }) => !rejected.has(uri) && !failed.has(did)).map(({ uri }) => uri),
    other: truth.filter(({ uri, cid }) => held.has(uri) && held.get(uri) !== cid).map(({ uri }) => uri),
    tooMany: [...held.keys()].filter((uri) => !wanted.has(uri)),
    rejected: absent.filter(({ uri }) => rejected.has(uri)).length,
    unread: unread.length,
  }
}

/** What is known of a record: why it was rejected, what became of its repo, up to where that was read. */
export async function traceOf(db: Db, uri: string): Promise<string> {
  const did = uri.split('/')[2] ?? ''
  const rejects = await db.query(`select job_id, reason, detail from backhaul.rejects where key = $1`, [uri])
  const tasks = await db.query(
    `select job_id, state, reason, step, pages, seen::int, new::int, known::int, rejected::int, deleted::int, notes, cursor, error_kind
       from backhaul.tasks where key = $1 order by id`,
    [did],
  )
  const repos = await db.query('select * from atproto.repos where did = $1', [did])
  return `${uri} ${JSON.stringify({ rejects, tasks, repos })}`
}
