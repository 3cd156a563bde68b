/*
 * Every counter of the suite, once: name, labels, and the help text that Prometheus shows. Each label has few values (names of the
 * registry, words of the code), never ids, keys, hosts or error texts.
 */

import { OUTCOMES } from './vocabulary'

const RECORD = ['source', 'stream'] as const

export const COUNTERS = {
  backhaul_turns_total: { help: 'Deliveries that workers processed.', labels: ['queue'] },
  backhaul_steps_total: {
    help: 'Steps (one page of one task), by outcome: committed, finished, waited, retried, failed, lost or stopped.',
    labels: [...RECORD, 'outcome'],
  },
  backhaul_pages_total: { help: 'Pages committed.', labels: RECORD },
  backhaul_rows_total: {
    help: `Records on committed pages, by outcome: ${OUTCOMES.join(', ')} or deleted.`,
    labels: [...RECORD, 'outcome'],
  },
  backhaul_feed_messages_total: { help: 'Messages of feeds committed.', labels: ['source', 'feed'] },
  backhaul_counters_total: {
    help: 'What sources count on committed pages besides the outcomes of records, by counter.',
    labels: [...RECORD, 'counter'],
  },
  backhaul_requests_total: {
    help: 'Requests sent, by API and class of the answer: 2xx, 3xx, 4xx (without 429), 429 (and 420), 5xx, or failed without an answer.',
    labels: ['api', 'status'],
  },
  backhaul_wait_seconds_total: {
    help: 'Seconds of waiting, by reason: gate (requests and tasks that wait for a limit) or retry (tasks that wait after an error).',
    labels: ['api', 'reason'],
  },
  backhaul_waits_total: {
    help: 'Requests that waited, by limit: gate (shared by all processes) or process (its own limit).',
    labels: ['api', 'by'],
  },
  backhaul_throttles_total: { help: 'Requests that an upstream refused because of its limits (429, 420 and the like).', labels: ['api'] },
  backhaul_lookups_total: { help: 'Ids looked up, by kind and outcome: answered or missing.', labels: ['kind', 'outcome'] },
  backhaul_retries_total: {
    help: 'Tasks and batches of lookups that will be retried after an error, by kind of error.',
    labels: ['source', 'kind'],
  },
  backhaul_failures_total: { help: 'Tasks that failed for good, by kind of error.', labels: ['source', 'kind'] },
  backhaul_jobs_ended_total: { help: 'Jobs that ended through their finish task, by status.', labels: ['source', 'status'] },
  backhaul_dead_letters_total: { help: 'Messages published to the dead-letter queue of their queue.', labels: ['queue'] },
  backhaul_webhook_deliveries_total: {
    help: 'Attempts to deliver an event to a webhook, by outcome: delivered, retried (will be tried again) or failed (the last one).',
    labels: ['outcome'],
  },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

export const HISTOGRAMS = {
  backhaul_request_duration_seconds: {
    help: 'Time from sending a request to the end of its answer or its failure.',
    labels: ['api'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
} as const satisfies Record<string, { help: string; labels: readonly string[]; buckets: readonly number[] }>

export type CounterName = keyof typeof COUNTERS
export type HistogramName = keyof typeof HISTOGRAMS
export type LabelsOf<D extends { labels: readonly string[] }> = Record<D['labels'][number], string>
