import { errorTypeOf, isRetryable } from '../../../backend/sources/toastmasters/outcomes'

/* The seed's types of error, by the kind a task failed with. */

test.each([
  ['fetch_failed', 'fetch_failed', true],
  ['http_500', 'fetch_failed', true],
  ['http_404', 'fetch_failed', false],
  ['blocked_page', 'fetch_failed', true],
  ['connection', 'network_error', true],
  ['timeout', 'timeout_error', true],
  ['http_504', 'timeout_error', true],
  ['validation_failed', 'validation_failed', false],
  ['processing_failed', 'processing_failed', false],
  ['unexpected', 'processing_failed', true],
  ['snapshot_creation_failed', 'snapshot_creation_failed', true],
  ['scope_violation', 'scope_violation', false],
  ['unavailable', 'data_unavailable', true],
  // The kind decides; no number in a message or in another kind does (D10).
  ['processing_failed_1500', 'fetch_failed', true],
  ['http_5000', 'fetch_failed', true],
])('%s is %s, retryable: %s (D10)', (kind, type, retryable) => {
  expect([errorTypeOf(kind), isRetryable(kind)]).toEqual([type, retryable])
})
