import { Refused } from '../base/errors'
import { COUNT_NAMES } from '../base/vocabulary'
import type { Db } from '../database/db'
import { findJob, report } from '../engine/jobs/verbs'
import { type Column, columnsOf } from './columns'
import type { Relation } from './relation'

/*
 * Rows of a source are shared: several jobs find the same killmail, and the row does not say which of them stored it. Kept by job are
 * its report, its tasks with their counts, the records it rejected, and the ids it asked to look up.
 */

const REPORT: [name: string, type: string, kind: Column['kind']][] = [
  ['job', 'uuid', 'uuid'],
  ['source', 'text', 'text'],
  ['status', 'text', 'text'],
  ['params', 'jsonb', 'json'],
  ['startedAt', 'timestamptz', 'timestamptz'],
  ['completedAt', 'timestamptz', 'timestamptz'],
  ['seconds', 'float8', 'double'],
  ...['pages', ...COUNT_NAMES, 'expected'].map((name): [string, string, Column['kind']] => [name, 'int8', 'bigint']),
  ...['tasks', 'requests', 'rejectedBy', 'lookups', 'skipped', 'failures', 'notes', 'counters', 'unverified'].map(
    (name): [string, string, Column['kind']] => [name, 'jsonb', 'json'],
  ),
  ['verified', 'bool', 'boolean'],
  ['reason', 'text', 'text'],
]

async function reportRelation(db: Db, jobId: string): Promise<Relation> {
  const found = JSON.stringify(await report({ db }, jobId))
  const definition = REPORT.map(([name, type]) => `"${name}" ${type}`).join(', ')
  return {
    name: `report of job ${jobId}`,
    from: `jsonb_to_record($1::jsonb) as r(${definition})`,
    values: [found],
    columns: REPORT.map(([name, , kind]) => ({ name, kind, isArray: false, nullable: true })),
    orderBy: [],
  }
}

const partOf = (table: string, condition: string, orderBy: string[]) => async (db: Db, jobId: string) => ({
  name: `${table} of job ${jobId}`,
  from: `(select * from backhaul.${table} where ${condition}) as part`,
  values: [jobId],
  columns: await columnsOf(db, 'backhaul', table),
  orderBy,
})

/** What is kept by job, by its name in `export`. */
export const PARTS: Record<string, (db: Db, jobId: string) => Promise<Relation>> = {
  report: reportRelation,
  tasks: partOf('tasks', 'job_id = $1', ['id']),
  rejects: partOf('rejects', 'job_id = $1', ['id']),
  lookups: partOf('lookups', 'jobs @> array[$1::uuid]', ['kind', 'id']),
}

/**
 * One part of what is kept by job.
 * @throws {Refused} `missing` for an unknown job, `input` for an unknown part
 */
export async function jobRelation(db: Db, what: string, id: string): Promise<Relation> {
  const job = await findJob({ db }, id)
  const part = Object.hasOwn(PARTS, what) ? PARTS[what] : undefined
  if (part) return await part(db, job.id)
  const shared = what.includes('.') ? `Rows of ${what} do not say which job stored them: select them with --where or --from-date. ` : ''
  throw new Refused('input', `${shared}With --job, export takes ${Object.keys(PARTS).join(', ')}.`, 'what')
}
