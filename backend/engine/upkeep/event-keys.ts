/*
 * Keys of the engine's own events, on the exchange and for webhooks. Those of sources, alerts included, begin with the source's name.
 */

/** Alerts by the key of their event; the end of each has the same key with `.cleared`. */
export const ALERTS = {
  queue_unattended: 'alert.queue_unattended',
  job_stalled: 'job.stalled',
  breaker_tripped: 'alert.breaker_tripped',
  held: 'alert.held',
  dead_letters_growing: 'alert.dead_letters_growing',
  schedule_failed: 'alert.schedule_failed',
  webhook_failing: 'alert.webhook_failing',
} as const

export type EngineAlert = keyof typeof ALERTS

/** The key of an alert's event; an alert of a source has that of its kind. */
export const alertKey = (kind: string): string => (Object.hasOwn(ALERTS, kind) ? ALERTS[kind as EngineAlert] : kind)

export const clearedKey = (kind: string): string => `${alertKey(kind)}.cleared`

const alertKeys = Object.keys(ALERTS).flatMap((kind) => [alertKey(kind), clearedKey(kind)])

export const JOB_KEYS: readonly string[] = [
  ...['completed', 'partial', 'failed', 'cancelled'].map((status) => `job.${status}`),
  ...alertKeys.filter((key) => key.startsWith('job.')),
]
export const ALERT_KEYS: readonly string[] = alertKeys.filter((key) => key.startsWith('alert.'))
