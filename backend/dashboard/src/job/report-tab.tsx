import { COUNT_NAMES, COUNTS, type CountName } from '../../../base/vocabulary'
import type { JobDetail, Report, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { count, counted, duration, named } from '../lib/format'
import { Empty } from '../ui/empty'
import { Note } from '../ui/note'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { EarlierRuns } from './earlier-runs'
import { Requests } from './requests'

/** What the job found, and whether that is proved to be complete. */
export function ReportTab({ job }: { job: JobDetail }) {
  const { report } = job
  if (!report)
    return (
      <Empty small title="The report is written when the job ends" icon="seal">
        <p>It lists what was read and stored, what is missing, and whether the result is proved to be complete.</p>
      </Empty>
    )
  return (
    <div class="stack wide-gap">
      <Note tone={report.verified ? 'ok' : 'warn'} icon={report.verified ? 'seal' : 'alert'}>
        <b>{report.verified ? 'Verified' : 'Not verified'}</b>: {report.reason}.
      </Note>
      <Failures report={report} />
      <EarlierRuns job={job} />
      <div class="halves">
        <Found report={report} />
        <Requests job={job.id} requests={report.requests} />
      </div>
      {report.notes.length > 0 && (
        <Section title="Notes">
          <ul class="notes">
            {report.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  )
}

function Found({ report }: { report: Report }) {
  const by = (counts: Record<string, number>, shown = (reason: string) => reason) =>
    Object.entries(counts)
      .map(([reason, n]) => `${count(n)} × ${shown(reason)}`)
      .join(', ')
  const unproved = Object.entries(report.unverified)
  const hasCounters = Object.keys(report.counters).length > 0
  const more: Partial<Record<CountName, string>> = {
    seen: report.expected === null ? undefined : `of ${count(report.expected)} expected`,
    rejected: by(report.rejectedBy, (kind) => named(kind).toLowerCase()),
  }
  const sources = useFetch<{ items: SourceInfo[] }>(hasCounters ? '/api/sources' : null)
  const about = sources.data?.items.find(({ name }) => name === report.source)?.counters ?? {}
  const rows: [string, string, string?][] = [
    ...COUNT_NAMES.map((name): [string, string, string?] => [COUNTS[name].title, count(report[name]), more[name]]),
    ...Object.entries(report.counters).map(([name, n]): [string, string, string?] => [named(name), count(n), about[name]]),
    ['Tasks done', count(report.tasks.done), `of ${counted(report.tasks.total, 'task')}`],
    ['Tasks skipped', count(report.tasks.skipped), by(report.skipped)],
    ...Object.entries(report.skippedBy).map(([kind, n]): [string, string] => [`Skipped: ${named(kind).toLowerCase()}`, count(n)]),
    ['Tasks failed', count(report.tasks.failed)],
    ...(unproved.length > 0
      ? [['Tasks not proved', count(unproved.reduce((sum, [, n]) => sum + n, 0)), by(report.unverified)] as [string, string, string]]
      : []),
    ['Pages', count(report.pages)],
    ['Time', duration(report.seconds * 1000)],
    [
      'Lookups answered',
      count(report.lookups.asked - report.lookups.open),
      report.lookups.open > 0 ? `${count(report.lookups.open)} open` : undefined,
    ],
  ]
  return (
    <Section title="Found">
      <Table
        caption="What was found"
        rows={rows}
        id={([name]) => name}
        columns={[
          { head: 'What', cell: ([name]) => name },
          { head: 'Count', num: true, cell: ([, value]) => value },
          { head: 'Details', fill: true, cell: ([, , more]) => <span class="soft">{more}</span> },
        ]}
      />
    </Section>
  )
}

function Failures({ report }: { report: Report }) {
  if (report.failures.length === 0) return null
  return (
    <Section title="Failures" extra="Retry failed runs these tasks again, each from the page it reached.">
      <Table
        caption="Failed tasks"
        rows={report.failures}
        id={(row) => row.task}
        columns={[
          { head: 'Task', cell: (row) => <span class="break">{row.task}</span> },
          { head: 'Kind', cell: (row) => <b class="nowrap">{named(row.kind)}</b> },
          { head: 'Error', fill: true, cell: (row) => <span class="break">{row.error}</span> },
        ]}
      />
    </Section>
  )
}
