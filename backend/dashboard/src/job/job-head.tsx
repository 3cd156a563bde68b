import { useState } from 'preact/hooks'
import { COUNTS } from '../../../base/vocabulary'
import type { JobDetail, Verb } from '../api/types'
import { useMe } from '../hooks/use-me'
import { ACTIVITIES, isMoving } from '../jobs/activity'
import { toneOf, Verdict } from '../jobs/verdict'
import { brief, count, counted, duration, named, percent, rate, seconds, shortId, upper } from '../lib/format'
import { act, isActive, VERB_NAMES, VERBS } from '../lib/verbs'
import { Bar, Parts } from '../ui/bar'
import { Button } from '../ui/button'
import { Copy } from '../ui/copy'
import { Fact } from '../ui/fact'
import { Icon } from '../ui/icon'
import { Note } from '../ui/note'
import { Status } from '../ui/status'
import { Ago } from '../ui/time'
import { Unbroken } from '../ui/unbroken'
import { Waits } from './waits'

/** What the job reads, its progress, and its actions. */
export function JobHead({ job, onChange }: { job: JobDetail; onChange: () => void }) {
  const active = isActive(job.status)
  // The sentence of a failed job is its error.
  const ended = !active && job.error !== null
  return (
    <>
      <header class="page-head">
        <div class="grow">
          <h1 tabIndex={-1}>
            <Unbroken text={upper(job.label)} />
          </h1>
          <div class="row job-meta">
            <Status state={job.status} fraction={job.fraction} still={!isMoving(job)} text={named(job.status)} />
            <Activity job={job} />
            {!active && job.status === 'completed' && <Verdict job={job} />}
            <span class="tag">{job.source}</span>
            <span class="row tight">
              <code class="soft" title={job.id}>
                {shortId(job.id)}
              </code>
              <Copy text={job.id} label="Copy the job id" />
            </span>
            <span class="soft small">
              created <Ago at={job.createdAt} />
            </span>
          </div>
        </div>
        <Verbs job={job} onChange={onChange} />
      </header>
      <section class="card pad progress" aria-label="Progress">
        {!ended && (
          <div class="row spread">
            <p>
              <Unbroken text={job.sentence} />
            </p>
            {active && (
              <p class="soft nowrap">
                {[
                  job.status === 'running' && job.rate !== null && job.rate > 0 && rate(job.rate),
                  job.status === 'running' && job.leftMs !== null && `${seconds(job.leftMs)} left`,
                  job.fraction !== null && percent(job.fraction),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            )}
          </div>
        )}
        <Progress job={job} />
        {job.error !== null && (
          <Note tone="bad">
            <Unbroken text={job.error} />
          </Note>
        )}
        {job.stalled && (
          <Note tone="bad">
            {upper(job.stalled.message)} (<Ago at={job.stalled.since} />)
          </Note>
        )}
        <Waits job={job} />
      </section>
      <Figures job={job} />
    </>
  )
}

/** What a job that has not ended does now: it reads, or why nothing of it moves. Its status says that it is paused. */
function Activity({ job }: { job: JobDetail }) {
  const shown = ACTIVITIES[job.activity]
  if (!shown || job.activity === 'paused') return null
  return (
    <span class={`row tight small nowrap ${shown.tone}`}>
      <Icon name={shown.icon} size={14} /> {shown.text}
    </span>
  )
}

/** The progress; for a job that has ended, the results of its tasks. */
function Progress({ job }: { job: JobDetail }) {
  const { total, done, skipped, failed, cancelled } = job.tasks
  if (isActive(job.status)) {
    // Only what moves looks as if it did.
    const fraction = isMoving(job) ? job.fraction : (job.fraction ?? 0)
    return <Bar label="Progress of the job" fraction={fraction} tone={isMoving(job) ? toneOf(job) : 'idle'} big />
  }
  const of = (n: number) => n / Math.max(1, total)
  return (
    <Parts
      big
      label={`${counted(total, 'task')}: ${done} done, ${skipped} skipped, ${failed} failed, ${cancelled} cancelled`}
      parts={[
        { fraction: of(done), tone: 'ok' },
        { fraction: of(skipped), tone: 'skipped' },
        { fraction: of(failed), tone: 'bad' },
        { fraction: of(cancelled), tone: 'idle' },
      ]}
    />
  )
}

function Verbs({ job, onChange }: { job: JobDetail; onChange: () => void }) {
  const { canWrite } = useMe()
  const [busy, setBusy] = useState<Verb | null>(null)
  if (!canWrite) return null
  const run = async (verb: Verb) => {
    setBusy(verb)
    if (await act(job, verb)) onChange()
    setBusy(null)
  }
  return (
    <div class="row">
      {VERB_NAMES.filter((verb) => job.can.includes(verb)).map((verb) => (
        <Button
          key={verb}
          icon={VERBS[verb].icon}
          kind={verb === 'cancel' ? 'danger' : undefined}
          busy={busy === verb}
          onClick={() => void run(verb)}
        >
          {VERBS[verb].text}
        </Button>
      ))}
      {!isActive(job.status) && (
        <Button icon="plus" href={`/new?source=${encodeURIComponent(job.source)}&like=${job.id}`}>
          Start again
        </Button>
      )}
    </div>
  )
}

function Figures({ job }: { job: JobDetail }) {
  const settled = job.tasks.done + job.tasks.skipped + job.tasks.failed + job.tasks.cancelled
  return (
    <dl class="card facts" aria-label="Counts">
      <Fact name={COUNTS.new.title} tone={job.new > 0 ? 'ok' : null}>
        {brief(job.new)}
      </Fact>
      <Fact name={COUNTS.updated.title}>{brief(job.updated)}</Fact>
      {job.unchanged > 0 && <Fact name={COUNTS.unchanged.title}>{brief(job.unchanged)}</Fact>}
      <Fact name={COUNTS.known.title}>{brief(job.known)}</Fact>
      <Fact name={COUNTS.rejected.title} tone={job.rejected > 0 ? 'warn' : null}>
        {brief(job.rejected)}
      </Fact>
      {job.deleted > 0 && <Fact name={COUNTS.deleted.title}>{brief(job.deleted)}</Fact>}
      <Fact
        name={COUNTS.seen.title}
        more={job.expected === null || job.expected < job.seen ? counted(job.pages, 'page') : `of ${count(job.expected)} expected`}
      >
        {brief(job.seen)}
      </Fact>
      <Fact name="Tasks" more={job.tasks.failed > 0 ? <span class="bad">{count(job.tasks.failed)} failed</span> : 'settled'}>
        {count(settled)} <span class="of">/ {count(job.tasks.total)}</span>
      </Fact>
      {job.lookups.asked > 0 && (
        <Fact name="Open lookups" more={`of ${brief(job.lookups.asked)}`}>
          {brief(job.lookups.open)}
        </Fact>
      )}
      <Fact name={job.startedAt ? 'Time' : 'Waiting for'}>{duration(job.seconds * 1000)}</Fact>
    </dl>
  )
}
