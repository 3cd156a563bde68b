/*
 * The words of this API for what goes wrong.
 */

export const ERROR_TYPES = [
  'fetch_failed',
  'validation_failed',
  'processing_failed',
  'scope_violation',
  'network_error',
  'timeout_error',
  'rate_limit_error',
  'data_unavailable',
  'snapshot_creation_failed',
] as const
export type ErrorType = (typeof ERROR_TYPES)[number]

/** By the kind of error a task fails with, or is skipped for. */
const TYPES: Record<string, ErrorType> = {
  validation_failed: 'validation_failed',
  processing_failed: 'processing_failed',
  scope_violation: 'scope_violation',
  network: 'network_error',
  timeout: 'timeout_error',
  throttled: 'rate_limit_error',
  'http 429': 'rate_limit_error',
  unavailable: 'data_unavailable',
  not_yet_published: 'data_unavailable',
  closing_gap: 'data_unavailable',
  database: 'snapshot_creation_failed',
}

export const errorTypeOf = (kind: string): ErrorType => TYPES[kind] ?? 'fetch_failed'

const PERMANENT: readonly ErrorType[] = ['validation_failed', 'processing_failed', 'scope_violation', 'data_unavailable']

/** Whether trying again may help. */
export const isRetryable = (type: ErrorType): boolean => !PERMANENT.includes(type)
