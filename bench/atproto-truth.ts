import type { Db } from '../backend/db'
import type { TrueRecord } from '../backend/sandbox/atproto/truth'

/** How the rows differ from what the network has, each record by its uri. */
export interface Differences {
  /** Not there, and nothing says why. */
  missing: string[]
  /** There with another CID. */
  other: string[]
  /** Of nobody's repo, or of one that is not to be read. */
  tooMany: string[]
  /** Not there, set aside with a reason. */
  aside: number
  /** Not there, in a repo whose task failed. */
  unread: number
}

/** Tasks of a job that failed, with what they say of it. */
export const failedTasks = (
  db: Db,
  job: string,
): Promise<{ key: string; kind: string | null; error: string | null; lane: string | null }[]> =>
  db.query(`select key, error_kind as kind, error, lane from backhaul.tasks where job_id = $1 and state = 'failed' order by id`, [job])

/** Compares record by record. @param job whose rejects and failed repos count as told */
export async function differences(db: Db, truth: readonly TrueRecord[], job: string): Promise<Differences> {
  const rows = await db.query<{ uri: string; cid: string }>('select uri, cid from atproto.records')
  const rejects = await db.query<{ key: string }>('select distinct key from backhaul.rejects where job_id = $1', [job])
  const held = new Map(rows.map(({ uri, cid }) => [uri, cid]))
  const aside = new Set(rejects.map(({ key }) => key))
  const failed = new Set((await failedTasks(db, job)).map(({ key }) => key))
  const wanted = new Map(truth.map((record) => [record.uri, record]))
  const absent = truth.filter(({ uri }) => !held.has(uri))
  const unread = absent.filter(({ uri, did }) => !aside.has(uri) && failed.has(did))
  return {
    missing: absent.filter(({ uri, did }) => !aside.has(uri) && !failed.has(did)).map(({ uri }) => uri),
    other: truth.filter(({ uri, cid }) => held.has(uri) && held.get(uri) !== cid).map(({ uri }) => uri),
    tooMany: [...held.keys()].filter((uri) => !wanted.has(uri)),
    aside: absent.filter(({ uri }) => aside.has(uri)).length,
    unread: unread.length,
  }
}
