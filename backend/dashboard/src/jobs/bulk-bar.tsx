import { useState } from 'preact/hooks'
import type { JobSummary } from '../api/types'
import { type Act, actOnMatching } from '../lib/bulk'
import { count, counted } from '../lib/format'
import { PRIORITIES, VERB_NAMES, VERBS } from '../lib/verbs'
import { Button } from '../ui/button'

interface Props {
  /** The jobs that were selected; all that match the filter when `choice` is one. */
  jobs: JobSummary[]
  /** The filter as the API takes it, when all that match are selected. */
  choice: Record<string, unknown> | null
  shown: number
  total: number
  onPage: () => void
  onAll: () => void
  onNone: () => void
  onDone: () => void
}

/** Actions on the selected jobs, or on all that match the filter. */
export function BulkBar({ jobs, choice, shown, total, onPage, onAll, onNone, onDone }: Props) {
  const [progress, setProgress] = useState<string | null>(null)
  const busy = progress !== null
  const run = async (act: Act) => {
    setProgress('')
    const chosen = choice ?? { ids: jobs.map((job) => job.id) }
    if (await actOnMatching(act, chosen, (done, of) => setProgress(`${count(done)} of ${count(of)}`))) onDone()
    setProgress(null)
  }
  const offered = VERB_NAMES.filter((verb) => choice !== null || jobs.some((job) => job.can.includes(verb)))
  return (
    <section class="bulk" aria-label="Selected jobs">
      <strong role="status">
        {choice ? `All ${counted(total, 'job')} that match` : `${counted(jobs.length, 'job')} selected`}
        {progress ? ` · ${progress}` : ''}
      </strong>
      {!choice && jobs.length < shown && (
        <button type="button" class="link" onClick={onPage}>
          Select all {shown} on this page
        </button>
      )}
      {!choice && total > shown && (
        <button type="button" class="link" onClick={onAll}>
          Select all {count(total)} that match
        </button>
      )}
      <span class="row">
        {offered.map((verb) => (
          <Button
            key={verb}
            small
            icon={VERBS[verb].icon}
            kind={verb === 'cancel' ? 'danger' : undefined}
            busy={busy}
            onClick={() => void run({ verb })}
          >
            {VERBS[verb].text}
          </Button>
        ))}
        <select
          class="input priority"
          aria-label="Set the priority"
          disabled={busy}
          value=""
          onChange={(event) => {
            const priority = PRIORITIES.find((one) => one === event.currentTarget.value)
            event.currentTarget.value = ''
            if (priority) void run({ verb: 'priority', priority })
          }}
        >
          <option value="">Priority…</option>
          {PRIORITIES.map((priority) => (
            <option key={priority} value={priority}>
              {priority}
            </option>
          ))}
        </select>
        <Button small kind="plain" icon="close" label="Clear the selection" onClick={onNone} />
      </span>
    </section>
  )
}
