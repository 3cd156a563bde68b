import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { post } from '../api/client'
import type { FailureGroup, Failures as Found, JobDetail } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { count, counted, named } from '../lib/format'
import { attempt } from '../lib/updates'
import { isActive } from '../lib/verbs'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Icon, type IconName } from '../ui/icon'
import { Loaded } from '../ui/loaded'
import { Ago } from '../ui/time'
import { TaskName } from './in-hand'

const EVERY_MS = 3000

/** Whether a retry helps, as a sign beside the words. */
const AGAIN: Record<FailureGroup['again'], { icon: IconName; tone: string; text: string }> = {
  helps: { icon: 'check', tone: 'ok', text: 'A retry helps' },
  'may help': { icon: 'info', tone: 'warn', text: 'A retry may help' },
  'does not help': { icon: 'close', tone: 'bad', text: 'A retry does not help' },
}

/** Failures of a job by cause: how many, since when, an example, whether a retry helps, and the retry. */
export function Failures({ job, onChange }: { job: JobDetail; onChange: () => void }) {
  const { canWrite } = useMe()
  const [missing, setMissing] = useState(false)
  const fetched = useFetch<Found>(`/api/jobs/${job.id}/failures`, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  const changed = () => {
    void fetched.refresh()
    onChange()
  }
  return (
    <Loaded of={fetched}>
      {(data) =>
        data.items.length === 0 && data.missing === 0 && !data.findsMissing ? (
          <Empty small title="No task has failed" icon="check">
            <p>Tasks that fail, or are tried again, are listed here by their cause.</p>
          </Empty>
        ) : (
          <div class="stack">
            {canWrite && job.report?.cleared === undefined && (
              <div class="row spread failures-head">
                <Which data={data} missing={missing} onChange={setMissing} />
                {(data.items.length > 1 || data.missing > 0 || data.findsMissing) && (job.tasks.failed > 0 || missing) && (
                  <Button icon="retry" onClick={() => void retry(job, missing ? { missing } : {}, changed)}>
                    {missing && data.findsMissing
                      ? 'Retry and look for more'
                      : `Retry all ${count(job.tasks.failed + (missing ? data.missing : 0))}`}
                  </Button>
                )}
              </div>
            )}
            <ul class="card lines failures">
              {data.items.map((group) => (
                <Group key={group.id} job={job} group={group} canWrite={canWrite && group.example.task !== null} onChange={changed} />
              ))}
            </ul>
            {data.total > data.items.length && (
              <p class="soft small">
                {count(data.items.length)} of {count(data.total)} causes, those with the most tasks.
              </p>
            )}
          </div>
        )
      }
    </Loaded>
  )
}

/** Only what failed, or also what is missing; nothing where there is no choice. */
function Which({ data, missing, onChange }: { data: Found; missing: boolean; onChange: (missing: boolean) => void }) {
  if (data.missing === 0 && !data.findsMissing) return <p class="soft small">A retry takes each task from the page it reached.</p>
  const none = `${counted(data.missing, 'task')} found nothing or proved nothing`
  const finds = 'what is not stored is looked for'
  const options: [boolean, string][] = [
    [false, 'Only failed'],
    [true, `Failed or missing (${[...(data.missing > 0 ? [none] : []), ...(data.findsMissing ? [finds] : [])].join('; ')})`],
  ]
  return (
    <fieldset class="row small">
      <legend class="hidden">What a retry of all takes</legend>
      {options.map(([value, text]) => (
        <label key={text} class="row tight">
          <input type="radio" name="missing" checked={missing === value} onChange={() => onChange(value)} />
          {text}
        </label>
      ))}
    </fieldset>
  )
}

interface Props {
  job: JobDetail
  group: FailureGroup
  canWrite: boolean
  onChange: () => void
}

function Group({ job, group, canWrite, onChange }: Props) {
  const params = useParams()
  const { icon, tone, text } = AGAIN[group.again]
  const { failed, retrying, firstAt, lastAt, example } = group
  return (
    <li>
      <div class="row spread top">
        <h3>
          {named(group.kind)}
          {group.api && <span class="soft"> · {group.api}</span>}
        </h3>
        <span class={`row tight nowrap ${tone}`}>
          <Icon name={icon} size={14} /> {text}
        </span>
      </div>
      <p class="small">
        <b>
          {[failed > 0 && `${counted(failed, 'task')} failed`, retrying > 0 && `${count(retrying)} tried again`].filter(Boolean).join(', ')}
        </b>
        {firstAt && lastAt && (
          <span class="soft">
            {' '}
            · {firstAt === lastAt ? '' : 'first '}
            <Ago at={firstAt} />
            {firstAt !== lastAt && (
              <>
                , last <Ago at={lastAt} />
              </>
            )}
          </span>
        )}
      </p>
      <p class="small">{group.advice}</p>
      <p class="small soft break">
        {example.key !== '' && (
          <>
            For example <TaskName stream={example.stream} task={example.key} />:{' '}
          </>
        )}
        {example.error}
      </p>
      <div class="row small">
        {canWrite && failed > 0 && (
          <Button small icon="retry" onClick={() => void retry(job, { group: group.id }, onChange)}>
            Retry {failed === 1 ? 'this task' : `these ${count(failed)}`}
          </Button>
        )}
        {example.task !== null && (
          <Link href={params.href({ tab: 'tasks', group: group.id, state: null, cursor: null })}>Show the tasks</Link>
        )}
      </div>
    </li>
  )
}

/** Retries tasks of a job and says what came of it. */
export async function retry(job: JobDetail, choice: Record<string, unknown>, onChange: () => void): Promise<void> {
  await attempt(
    () => post(`/api/jobs/${job.id}/retry`, choice),
    () => 'Retrying. Each task goes on from the page it reached.',
  )
  onChange()
}
