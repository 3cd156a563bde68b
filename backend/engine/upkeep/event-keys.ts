/*
 * Keys of the engine's own events, on the exchange and for webhooks. Those of sources begin with the source's name.
 */

/** Alerts by the key of their event; the end of each has the same key with `.cleared`. */
export const ALERTS = {
  queue_unattended: 'alert.queue_unattended',
  job_stalled: 'job.stalled',
  breaker_tripped: 'alert.breaker_tripped',
  dead_letters_growing: 'alert.dead_letters_growing',
} as const

export type AlertKind = keyof typeof ALERTS

export const clearedKey = (kind: AlertKind): string => `${ALERTS[kind]}.cleared`

const alertKeys = (Object.keys(ALERTS) as AlertKind[]).flatMap((kind) => [ALERTS[kind] as string, clearedKey(kind)])

export const JOB_KEYS: readonly string[] = [
  ...['completed', 'partial', 'failed', 'cancelled'].map((status) => `job.${status}`),
  ...alertKeys.filter((key) => key.startsWith('job.')),
]
export const ALERT_KEYS: readonly string[] = alertKeys.filter((key) => key.startsWith('alert.'))
