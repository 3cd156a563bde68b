/*
 * Every gauge, read at each scrape: name, labels, and the help text that Prometheus shows. The gate has a row for each host, key or
 * account of a limit that counts by those; here they are combined, so that there are few labels.
 */

export const GAUGES = {
  backhaul_build_info: { help: 'Always 1; the label is the version of the process that answers.', labels: ['version'] },
  backhaul_broker_up: { help: 'Whether RabbitMQ answers (1) or not (0).', labels: [] },
  backhaul_jobs: { help: 'Jobs by status.', labels: ['source', 'status'] },
  backhaul_tasks: {
    help: 'Tasks by state; held tasks are those that a worker has claimed, and do not count as ready.',
    labels: ['queue', 'state'],
  },
  backhaul_tasks_parked: {
    help: 'Tasks of admitted jobs that wait for a later moment: for a limit (reason gate) or after an error (reason retry).',
    labels: ['on', 'reason'],
  },
  backhaul_queue_due_tasks: { help: 'Tasks that a worker could take now.', labels: ['queue'] },
  backhaul_queue_oldest_due_seconds: {
    help: 'Seconds that the oldest task which a worker could take has waited; 0 without one.',
    labels: ['queue'],
  },
  backhaul_queue_messages: {
    help: 'Messages on the queue that no worker has taken; absent while RabbitMQ is unreachable.',
    labels: ['queue'],
  },
  backhaul_queue_consumers: { help: 'Consumers of the queue; absent while RabbitMQ is unreachable.', labels: ['queue'] },
  backhaul_dead_letters: {
    help: 'Messages on the dead-letter queue of the queue; absent while RabbitMQ is unreachable.',
    labels: ['queue'],
  },
  backhaul_lookups_open: { help: 'Ids that wait to be looked up.', labels: ['kind'] },
  backhaul_rejects: { help: 'Rejected records that are stored, by reason.', labels: ['source', 'reason'] },
  backhaul_gate_used: {
    help: 'Tokens used in the rolling window of a limit; of the fullest host, key or account where it counts by those.',
    labels: ['limit', 'span'],
  },
  backhaul_gate_allowed: { help: 'Tokens that the rolling window of a limit allows.', labels: ['limit', 'span'] },
  backhaul_gate_in_flight: { help: 'Requests that hold a place in a limit on concurrency.', labels: ['limit'] },
  backhaul_gate_wait_seconds: {
    help: 'Seconds until a limit grants its next request, for whatever reason; 0 when it grants one now.',
    labels: ['limit'],
  },
  backhaul_gates: {
    help: 'Gates of a limit (one for each host, key or account where it counts by those): ready, blocked (the upstream asked us to wait) or tripped (its requests fail).',
    labels: ['limit', 'state'],
  },
  backhaul_workers: {
    help: 'Worker processes: alive, or dead (no heartbeats; not removed yet).',
    labels: ['app', 'state'],
  },
  backhaul_worker_resident_memory_bytes: { help: 'Resident memory of the largest live process of a worker.', labels: ['app'] },
  backhaul_worker_event_loop_lag_seconds: {
    help: 'Longest delay of the event loop between the last two heartbeats, of the worst live process of a worker.',
    labels: ['app'],
  },
  backhaul_worker_places: { help: 'Deliveries that the live processes of a worker can hold at once.', labels: ['app'] },
  backhaul_schedulers: { help: 'Schedulers connected to the database.', labels: [] },
  backhaul_schedules: { help: 'Schedules: active, paused, or failing (the last tick started nothing).', labels: ['state'] },
  backhaul_alerts: { help: 'Active alerts.', labels: ['kind'] },
  backhaul_outbox_events: { help: 'Events that wait to be published.', labels: [] },
  backhaul_outbox_oldest_seconds: { help: 'Seconds that the oldest event has waited to be published; 0 without one.', labels: [] },
  backhaul_deliveries: { help: 'Deliveries to webhooks by state.', labels: ['state'] },
  backhaul_deliveries_oldest_due_seconds: { help: 'Seconds that the oldest delivery has been due; 0 without one.', labels: [] },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

/** Counters that the gate keeps in its rows. */
export const GATE_COUNTERS = {
  backhaul_gate_granted_total: { help: 'Requests that a limit granted.', labels: ['limit'] },
  backhaul_gate_waits_total: { help: 'Requests that waited for a limit.', labels: ['limit'] },
  backhaul_gate_throttled_total: { help: 'Requests that the upstream of a limit refused because of its own limits.', labels: ['limit'] },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

export type ReadingName = keyof typeof GAUGES | keyof typeof GATE_COUNTERS

/** One value of a gauge, or of a counter of the gate. */
export interface Reading {
  name: ReadingName
  labels: Record<string, string>
  value: number
}
