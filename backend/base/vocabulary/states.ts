/*
 * Where jobs, tasks, lanes and gates may stand, and what may be done about it.
 */

/** Statuses of jobs that have not ended, and of those that have. */
export const ACTIVE_STATUSES = ['queued', 'running', 'paused'] as const
export const ENDED_STATUSES = ['completed', 'partial', 'failed', 'cancelled'] as const
export const JOB_STATUSES = [...ACTIVE_STATUSES, ...ENDED_STATUSES] as const
export type JobStatus = (typeof JOB_STATUSES)[number]

/**
 * Orders of a list of jobs. `attention`: failures of the last days that nobody has acknowledged, what has stalled, what waits for a
 * person, what is paused, what runs, what is queued by its place, and what has ended, the latest first.
 */
export const JOB_SORTS = ['attention', 'newest', 'oldest', 'records', 'longest'] as const
export type JobSort = (typeof JOB_SORTS)[number]

/**
 * What a job does now: it reads; it waits for its turn, a limit, another try, a worker or a person; it has committed no page for long
 * although it should; it is paused, writes its report, or has ended.
 */
export const JOB_ACTIVITIES = ['reading', 'turn', 'limit', 'retry', 'worker', 'person', 'stalled', 'paused', 'reporting', 'ended'] as const
export type JobActivity = (typeof JOB_ACTIVITIES)[number]

/** `acknowledge`: a person knows that it failed. */
export const JOB_VERBS = ['pause', 'resume', 'cancel', 'retry', 'acknowledge'] as const
export type JobVerb = (typeof JOB_VERBS)[number]
/** What may be done to many jobs at once. */
export const BULK_VERBS = [...JOB_VERBS, 'priority'] as const
export type BulkVerb = (typeof BULK_VERBS)[number]

/** States of tasks that have something left to do, and of those that have not. */
export const OPEN_STATES = ['waiting', 'ready'] as const
export const SETTLED_STATES = ['done', 'skipped', 'failed', 'cancelled'] as const
/** States of tasks as they are shown; `held` are those of the ready ones that a worker has. */
export const TASK_STATES = [...OPEN_STATES, 'held', ...SETTLED_STATES] as const
export type TaskState = (typeof TASK_STATES)[number]
/** What several tasks together are: the first of these that one of them is. */
export const WORST_FIRST = ['failed', 'held', 'ready', 'waiting', 'cancelled', 'skipped', 'done'] as const satisfies TaskState[]

/** What a lane does: a task is held or due; all that may start wait for their moment; all wait for a place; none is open. */
export const LANE_STATES = ['active', 'parked', 'waiting', 'ended'] as const
/** `open`: most open tasks first. `lane`: by name, which passes each lane once however its job moves meanwhile. */
export const LANE_ORDERS = ['open', 'lane'] as const

/** What work waits for: a limit, another try after an error, a person, or a worker. */
export const WAIT_KINDS = ['gate', 'retry', 'hold', 'worker'] as const
export type WaitKind = (typeof WAIT_KINDS)[number]

/** State of a gate: it grants requests; its upstream asked us to wait; its requests failed and its breaker tripped. */
export const GATE_STATES = ['ready', 'blocked', 'tripped'] as const

/** What an alert may be about. */
export const ALERT_TARGETS = ['job', 'gate', 'queue', 'dead_letters', 'schedule', 'webhook'] as const
export type AlertTargetKind = (typeof ALERT_TARGETS)[number]
/** One of them: the id of a job, schedule or webhook, the name of an API or queue. */
export interface AlertTarget {
  kind: AlertTargetKind
  id: string
}
