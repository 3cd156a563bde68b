/*
 * What is read at each scrape, once: names, labels and the sentences Prometheus shows. Limits that count by host, key or
 * account have a row in the gate for each; here they are told together, so that labels stay few.
 */

export const GAUGES = {
  backhaul_build_info: { help: 'Always 1; its label is the version that answers.', labels: ['version'] },
  backhaul_broker_up: { help: 'Whether RabbitMQ answers (1) or not (0).', labels: [] },
  backhaul_jobs: { help: 'Jobs by where they stand.', labels: ['source', 'status'] },
  backhaul_tasks: {
    help: 'Tasks by where they stand; held are the ready ones in the hands of a worker, not counted as ready.',
    labels: ['queue', 'state'],
  },
  backhaul_tasks_parked: {
    help: 'Tasks of admitted jobs that wait for a later moment: for a limit (reason gate) or after an error (reason retry).',
    labels: ['on', 'reason'],
  },
  backhaul_queue_due_tasks: { help: 'Tasks that a worker could take now.', labels: ['queue'] },
  backhaul_queue_oldest_due_seconds: { help: 'How long the oldest task that could be taken has waited; 0 without one.', labels: ['queue'] },
  backhaul_queue_messages: {
    help: 'Messages on the queue that nobody has taken; absent while RabbitMQ is unreachable.',
    labels: ['queue'],
  },
  backhaul_queue_consumers: { help: 'Consumers of the queue; absent while RabbitMQ is unreachable.', labels: ['queue'] },
  backhaul_dead_letters: {
    help: 'Messages set aside on the dead-letter queue of the queue; absent while RabbitMQ is unreachable.',
    labels: ['queue'],
  },
  backhaul_lookups_open: { help: 'Ids that wait to be looked up.', labels: ['kind'] },
  backhaul_rejects: { help: 'Records set aside and kept, by reason.', labels: ['source', 'reason'] },
  backhaul_gate_used: {
    help: 'Tokens that count against the rolling window of a limit now; of the fullest host, key or account where it counts by those.',
    labels: ['limit', 'span'],
  },
  backhaul_gate_allowed: { help: 'Tokens that the rolling window of a limit grants.', labels: ['limit', 'span'] },
  backhaul_gate_in_flight: { help: 'Requests that hold a place of a limit on concurrency.', labels: ['limit'] },
  backhaul_gate_wait_seconds: {
    help: 'How far off the next free moment of a limit is, for whatever reason; 0 when it is now.',
    labels: ['limit'],
  },
  backhaul_gates: {
    help: 'Gates of a limit (one for each host, key or account where it counts by those): ready, blocked (its upstream said wait) or tripped (it fails).',
    labels: ['limit', 'state'],
  },
  backhaul_workers: {
    help: 'Worker processes: alive, or dead (stopped sending heartbeats and not yet cleared away).',
    labels: ['app', 'state'],
  },
  backhaul_worker_resident_memory_bytes: { help: 'Memory of the largest live process of a worker.', labels: ['app'] },
  backhaul_worker_event_loop_lag_seconds: {
    help: 'Longest hold-up of the event loop between the last two heartbeats, of the worst live process of a worker.',
    labels: ['app'],
  },
  backhaul_worker_places: { help: 'Deliveries that the live processes of a worker hold at once.', labels: ['app'] },
  backhaul_schedulers: { help: 'Schedulers connected to the database.', labels: [] },
  backhaul_schedules: { help: 'Schedules: active, paused, or failing (the last tick started nothing).', labels: ['state'] },
  backhaul_alerts: { help: 'States of affairs somebody should know of, as long as they last.', labels: ['kind'] },
  backhaul_outbox_events: { help: 'Events that wait to be published.', labels: [] },
  backhaul_outbox_oldest_seconds: { help: 'How long the oldest event has waited to be published; 0 without one.', labels: [] },
  backhaul_deliveries: { help: 'Deliveries to webhooks by where they stand.', labels: ['state'] },
  backhaul_deliveries_oldest_due_seconds: { help: 'How long the oldest delivery has been due; 0 without one.', labels: [] },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

/** Counted by the gate itself, in its rows. */
export const GATE_COUNTERS = {
  backhaul_gate_granted_total: { help: 'Grants of a limit.', labels: ['limit'] },
  backhaul_gate_waits_total: { help: 'Times that a limit told a request to come later.', labels: ['limit'] },
  backhaul_gate_throttled_total: { help: 'Answers by which the upstream of a limit refused a request.', labels: ['limit'] },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

export type ReadingName = keyof typeof GAUGES | keyof typeof GATE_COUNTERS

/** One value of a gauge, or of a counter that somebody else keeps. */
export interface Reading {
  name: ReadingName
  labels: Record<string, string>
  value: number
}
