import { COUNT_NAMES, COUNTS, type CountName } from '../../../base/vocabulary'
import type { JobDetail, Report, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { count, counted, duration, named, namedInText } from '../lib/format'
import { Empty } from '../ui/empty'
import { Note } from '../ui/note'
import { Section } from '../ui/page'
import { EarlierRuns } from './earlier-runs'
import { Failures } from './failures'
import { Requests } from './requests'

/** What the job found, and whether that is proved to be complete. */
export function ReportTab({ job, onChange }: { job: JobDetail; onChange: () => void }) {
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
      {report.tasks.failed > 0 && (
        <Section title="Failures">
          <Failures job={job} onChange={onChange} />
        </Section>
      )}
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
    seen: report.expected === null || report.expected < report.seen ? undefined : `of ${count(report.expected)} expected`,
    rejected: by(report.rejectedBy, (kind) => namedInText(kind)),
  }
  const sources = useFetch<{ items: SourceInfo[] }>(hasCounters ? '/api/sources' : null)
  const about = sources.data?.items.find(({ name }) => name === report.source)?.counters ?? {}
  const rows: [string, string, string?][] = [
    ...COUNT_NAMES.map((name): [string, string, string?] => [COUNTS[name].title, count(report[name]), more[name]]),
    ...Object.entries(report.counters).map(([name, n]): [string, string, string?] => [named(name), count(n), about[name]]),
    ['Tasks done', count(report.tasks.done), `of ${counted(report.tasks.total, 'task')}`],
    ['Tasks skipped', count(report.tasks.skipped), by(report.skipped)],
    ...Object.entries(report.skippedBy).map(([kind, n]): [string, string] => [`Skipped: ${namedInText(kind)}`, count(n)]),
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
      <dl class="card found">
        {rows.map(([name, value, details]) => (
          <div key={name}>
            <dt>
              {name}
              {details && <small class="soft break">{details}</small>}
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
