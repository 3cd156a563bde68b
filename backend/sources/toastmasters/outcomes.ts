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
  snapshot_creation_failed: 'snapshot_creation_failed',
  scope_violation: 'scope_violation',
  connection: 'network_error',
  timeout: 'timeout_error',
  http_408: 'timeout_error',
  http_504: 'timeout_error',
  unavailable: 'data_unavailable',
  not_yet_published: 'data_unavailable',
  closing_gap: 'data_unavailable',
  // An error without a name: a fault of this program.
  unexpected: 'processing_failed',
}

export const errorTypeOf = (kind: string): ErrorType => TYPES[kind] ?? 'fetch_failed'

const PERMANENT: readonly string[] = ['validation_failed', 'processing_failed', 'scope_violation', 'forbidden_url', 'http_501']

/** Whether trying again may help. */
export const isRetryable = (kind: string): boolean => !PERMANENT.includes(kind) && !/^http_4(?!08|25|29)/.test(kind)
