/*
 * Every counter of the suite, once: what is counted, by which labels, and the sentence Prometheus shows. Labels take few
 * values each (names of the registry, words of the code), never ids, keys, hosts or texts of errors.
 */

import { OUTCOMES } from './vocabulary'

const RECORD = ['source', 'stream'] as const

export const COUNTERS = {
  backhaul_turns_total: { help: 'Deliveries that workers have worked on.', labels: ['queue'] },
  backhaul_steps_total: {
    help: 'Steps (one page of one task) by how they ended: committed, finished, waited, retried, skipped, failed, lost or stopped.',
    labels: [...RECORD, 'outcome'],
  },
  backhaul_pages_total: { help: 'Pages committed.', labels: RECORD },
  backhaul_rows_total: {
    help: `Records on committed pages by what became of them: ${OUTCOMES.join(', ')} or deleted.`,
    labels: [...RECORD, 'outcome'],
  },
  backhaul_requests_total: {
    help: 'Requests sent, by API and class of the answer (1xx to 5xx); failed: there was none.',
    labels: ['api', 'status'],
  },
  backhaul_wait_seconds_total: {
    help: 'Seconds of waiting, by reason: gate (requests held up and tasks parked for their moment) or retry (tasks set back after an error).',
    labels: ['api', 'reason'],
  },
  backhaul_waits_total: {
    help: 'Requests that we told to come later, by who said so: gate (the limits of all processes) or process (its own bound).',
    labels: ['api', 'by'],
  },
  backhaul_throttles_total: { help: 'Answers by which an upstream refused a request: 429, 420 and the like.', labels: ['api'] },
  backhaul_lookups_total: { help: 'Ids looked up, by kind and outcome: answered or missing.', labels: ['kind', 'outcome'] },
  backhaul_retries_total: { help: 'Tasks and bulks of lookups set back after an error, by kind of error.', labels: ['source', 'kind'] },
  backhaul_failures_total: { help: 'Tasks given up, by kind of error.', labels: ['source', 'kind'] },
  backhaul_jobs_ended_total: { help: 'Jobs that ended through their finish task, by how.', labels: ['source', 'status'] },
  backhaul_dead_letters_total: { help: 'Messages set aside on the dead-letter queue of their queue.', labels: ['queue'] },
  backhaul_webhook_deliveries_total: {
    help: 'Tries to deliver an event to a webhook, by outcome: delivered, retried (tried again later) or failed (given up).',
    labels: ['outcome'],
  },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>

export const HISTOGRAMS = {
  backhaul_request_duration_seconds: {
    help: 'Time from sending a request to the end of its answer, or to its failure.',
    labels: ['api'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
} as const satisfies Record<string, { help: string; labels: readonly string[]; buckets: readonly number[] }>

export type CounterName = keyof typeof COUNTERS
export type HistogramName = keyof typeof HISTOGRAMS
export type LabelsOf<D extends { labels: readonly string[] }> = Record<D['labels'][number], string>
