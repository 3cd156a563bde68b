import type { Report } from '../../backend/engine/jobs/report'
import type { Run } from '../../backend/engine/jobs/runs'
import { outcomesOf } from './job-text'
import { bytes, count, counted, cut, duration, moment, shortId, table } from './text'

const LARGEST_LIST = 20

/** A report as text and tables for people. @param counters the source's own counters, a sentence by name */
export function reportText(it: Report, counters: Record<string, string> = {}): string {
  const { total, done, skipped, failed, cancelled, open } = it.tasks
  const tasks = [`${count(done)} of ${count(total)} done`, ...named({ skipped, failed, cancelled, open })].join(', ')
  const facts: [string, string | number][] = [
    ['job', it.job],
    ['source', it.source],
    ['request', JSON.stringify(it.params)],
    ['status', it.status],
    ['verified', `${it.verified ? 'yes' : 'NO'}: ${it.reason}`],
    ['time', it.startedAt ? `${duration(it.seconds * 1000)}${inRuns(it)}, since ${it.startedAt}` : 'not started'],
    ['tasks', tasks],
    ['records', records(it)],
    ['expected', it.expected === null ? 'unknown' : `${count(it.expected)}, found ${count(it.seen)}`],
    ['lookups', `${count(it.lookups.asked)} requested, ${count(it.lookups.open)} still open`],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const parts = [facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n'), ...tables(it, counters)]
  return parts.join('\n\n')
}

const inRuns = ({ earlierRuns = [] }: Report): string =>
  earlierRuns.length > 0 ? ` in ${count((earlierRuns.at(-1)?.number ?? 0) + 1)} runs` : ''

/** How a job ended before it was retried; empty for a job that was not. */
export function runsTable(runs: readonly Run[]): string[] {
  if (runs.length === 0) return []
  const rows = runs.map((run) => [
    run.number,
    moment(new Date(run.endedAt)),
    duration(run.seconds * 1000),
    run.status,
    `${count(run.tasks.failed)} of ${count(run.tasks.total)}`,
    cut(run.error ?? '', 100),
  ])
  return [table(['earlier run', 'ended at (UTC)', 'took', 'status', 'tasks failed', 'error'], rows)]
}

/** The source's own counters. @param about a sentence by name */
export function countersTable(counters: Record<string, number>, about: Record<string, string>): string[] {
  const rows = Object.entries(counters).map(([name, n]) => [name, n, about[name] ?? ''])
  return rows.length === 0 ? [] : [table(['counter', 'count', 'what it counts'], rows)]
}

const named = (figures: Record<string, number>): string[] =>
  Object.entries(figures).flatMap(([name, value]) => (value > 0 ? [`${count(value)} ${name}`] : []))

function records(it: Report): string {
  return [`${count(it.seen)} seen on ${counted(it.pages, 'page')}`, ...outcomesOf(it)].join(', ')
}

/** Requests by API, with the data received where any was counted: an old report has no such count. */
function requests(it: Report): string[] {
  const used = Object.entries(it.requests)
  if (used.length === 0) return []
  const data = used.some(([, use]) => use.bytes > 0)
  const rows = used.map(([api, use]) => [
    api,
    use.requests,
    use.waits ?? 0,
    duration(use.waitMs),
    use.throttled,
    ...(data ? [use.bytes > 0 ? bytes(use.bytes) : ''] : []),
  ])
  return [table(['API', 'requests', 'waits', 'waited', 'throttled', ...(data ? ['data'] : [])], rows)]
}

function tables(it: Report, counters: Record<string, string>): string[] {
  const parts = [...runsTable(it.earlierRuns ?? []), ...requests(it)]
  const rejected = Object.entries(it.rejectedBy)
  if (rejected.length > 0) parts.push(table(['rejected because', 'records'], rejected))
  const skipped = Object.entries(it.skipped)
  if (skipped.length > 0) parts.push(table(['skipped because', 'tasks'], skipped))
  const kinds = Object.entries(it.skippedBy ?? {})
  if (kinds.length > 0) parts.push(table(['kind of skip', 'tasks'], kinds))
  // A report from before these were kept has none.
  const unverified = Object.entries(it.unverified ?? {})
  if (unverified.length > 0) parts.push(table(['not proved because', 'tasks'], unverified))
  parts.push(...countersTable(it.counters ?? {}, counters))
  if (it.failures.length > 0) {
    const rows = it.failures.slice(0, LARGEST_LIST).map((failure) => [failure.task, failure.kind, failure.error])
    parts.push(table(['failed task', 'kind', 'error'], rows))
    if (it.tasks.failed > rows.length)
      parts.push(`… and ${count(it.tasks.failed - rows.length)} more: yarn jobs show ${shortId(it.job)} --tasks`)
  }
  if (it.notes.length > 0) parts.push(it.notes.map((note) => `Note: ${note}`).join('\n'))
  return parts
}
