import { isDue } from '../base/sql'
import { FINISH } from '../engine/jobs/progress'
import { DEAD_AFTER } from '../engine/store'
import type { ReadingName } from './gauges'

/** A statement that selects (labels, value) for one gauge; all run as one. */
export interface Question {
  name: ReadingName
  sql: string
}

const labels = (...pairs: string[]): string =>
  `jsonb_build_object(${pairs.map((pair) => pair.replace(/^(\w+)=(.*)$/, "'$1', ($2)::text")).join(', ')})`
const ageOf = (moment: string): string => `coalesce(greatest(0, extract(epoch from clock_timestamp() - min(${moment}))), 0)::float8`
const alive = `heartbeat_at > clock_timestamp() - ${DEAD_AFTER}`
const perApp = (name: ReadingName, value: string): Question => ({
  name,
  sql: `select ${labels('app=app')}, (${value})::float8 from backhaul.workers where ${alive} group by app`,
})

/** Read from indexes or small tables. */
export const CHEAP: readonly Question[] = [
  {
    name: 'backhaul_workers',
    sql: `select ${labels('app=app', `state=case when ${alive} then 'alive' else 'dead' end`)}, count(*)::float8 from backhaul.workers group by 1`,
  },
  perApp('backhaul_worker_resident_memory_bytes', 'max(rss_bytes)'),
  perApp('backhaul_worker_event_loop_lag_seconds', 'max(loop_lag_ms) / 1000'),
  perApp('backhaul_worker_places', 'sum(concurrency)'),
  {
    name: 'backhaul_tasks_parked',
    sql: `select ${labels("on=split_part(coalesce(t.waiting_on, t.error_kind, 'none'), ':', 1)", "reason=case when t.waiting_on is null then 'retry' else 'gate' end")},
            count(*)::float8 from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id
           where j.admitted and t.state = 'ready' and t.claim is null and t.due_at > clock_timestamp() group by 1`,
  },
  {
    name: 'backhaul_schedules',
    sql: `select ${labels("state=case when paused then 'paused' when error is not null then 'failing' else 'active' end")}, count(*)::float8
            from backhaul.schedules group by 1`,
  },
  {
    name: 'backhaul_jobs',
    sql: `select ${labels('source=source', 'status=status')}, sum(jobs)::float8 from backhaul.job_counts group by 1`,
  },
  { name: 'backhaul_alerts', sql: `select ${labels('kind=kind')}, count(*)::float8 from backhaul.alerts group by 1` },
  { name: 'backhaul_outbox_events', sql: `select '{}'::jsonb, count(*)::float8 from backhaul.events_outbox where published_at is null` },
  {
    name: 'backhaul_outbox_oldest_seconds',
    sql: `select '{}'::jsonb, ${ageOf('created_at')} from backhaul.events_outbox where published_at is null`,
  },
  {
    name: 'backhaul_deliveries_oldest_due_seconds',
    sql: `select '{}'::jsonb, ${ageOf('due_at')} from backhaul.deliveries where state = 'pending' and ${isDue('due_at')}`,
  },
]

/** Counts over whole tables, which may be large: the longer they take, the longer they are cached. Labels are made per group, not per row. */
export const COSTLY: readonly Question[] = [
  {
    name: 'backhaul_tasks',
    sql: `select ${labels('queue=queue', "state=case when held then 'held' else state::text end")}, n
            from (select queue, state, claim is not null as held, count(*)::float8 as n from backhaul.tasks where stream <> '${FINISH}' group by 1, 2, 3) c`,
  },
  {
    name: 'backhaul_lookups_open',
    sql: `select ${labels('kind=kind')}, count(*)::float8 from backhaul.lookups where asked > answered group by 1`,
  },
  {
    name: 'backhaul_rejects',
    sql: `select ${labels('source=source', 'reason=reason')}, count(*)::float8 from backhaul.rejects group by 1 order by 2 desc limit 200`,
  },
  { name: 'backhaul_deliveries', sql: `select ${labels('state=state')}, count(*)::float8 from backhaul.deliveries group by 1` },
]

/** One statement for several gauges. */
export const asOne = (questions: readonly Question[]): string =>
  questions.map(({ name, sql }) => `select '${name}' as name, q.labels, q.value from (${sql}) as q(labels, value)`).join('\nunion all\n')
