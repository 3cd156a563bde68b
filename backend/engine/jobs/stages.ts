import type { Reader } from '../../base/sql'
import { TASK_STATES } from '../../base/vocabulary'
import type { Tasks } from './progress'

/** The most stages of a job that are read. */
export const MAX_STAGES = 100

/** The tasks of one lane and stage of a job. */
export interface Stage {
  lane: string
  stage: number
  /** From the page that foresaw it; null: the source names it. */
  label: string | null
  seen: number
  /** How many records it will have, as foreseen, otherwise according to all its tasks; null where that is not known. */
  expected: number | null
  /** There are `expected` or more. */
  atLeast: boolean
  tasks: Tasks
}

type Row = Omit<Stage, 'tasks'> & Tasks & { id: string }

const STATES = TASK_STATES.map(
  (state) => `(count(*) filter (where ${state === 'held' ? 'claim is not null' : `state = '${state}'`}))::int as ${state}`,
)

/**
 * The stages of jobs for which a page has foreseen something, those that have not ended first. Jobs without are left out, and their
 * tasks are not read.
 */
export async function readStages(db: Reader, ids: readonly string[]): Promise<Map<string, Stage[]>> {
  const numbers = ['total', ...TASK_STATES]
  const rows = await db.query<Row>(
    `with known as materialized (select * from backhaul.foreseen where job_id = any($1::uuid[])), counted as (
       select w.job_id, t.*
         from (select distinct job_id from known) w cross join lateral (
           select lane, stage, count(*)::int as total, ${STATES.join(', ')}, sum(seen)::float8 as seen,
                  case when bool_and(expected is not null) then sum(expected)::float8 end as expected
             from backhaul.tasks where job_id = w.job_id and lane is not null group by 1, 2) t
     ), ranked as (
       select job_id, lane, stage, k.label, coalesce(c.seen, 0) as seen, coalesce(k.expected::float8, c.expected) as expected,
              coalesce(k.at_least, false) as "atLeast", ${numbers.map((name) => `coalesce(c.${name}, 0) as ${name}`).join(', ')},
              row_number() over (partition by job_id order by coalesce(c.waiting + c.ready = 0, false), lane, stage) as place
         from counted c full join known k using (job_id, lane, stage)
     )
     select job_id as id, lane, stage, label, seen, expected, "atLeast", ${numbers.join(', ')} from ranked where place <= ${MAX_STAGES} order by 1, place`,
    [ids],
  )
  const stages = new Map<string, Stage[]>()
  for (const { id, total, waiting, ready, held, done, skipped, failed, cancelled, ...stage } of rows) {
    const one = { ...stage, tasks: { total, waiting, ready, held, done, skipped, failed, cancelled } }
    stages.set(id, [...(stages.get(id) ?? []), one])
  }
  return stages
}
