import { useState } from 'preact/hooks'
import type { JobSummary, Verb } from '../api/types'
import { counted } from '../lib/format'
import { actOnAll, VERB_NAMES, VERBS } from '../lib/verbs'
import { Button } from '../ui/button'

interface Props {
  jobs: JobSummary[]
  shown: number
  onAll: () => void
  onNone: () => void
  onDone: () => void
}

/** Actions on the selected jobs. */
export function BulkBar({ jobs, shown, onAll, onNone, onDone }: Props) {
  const [busy, setBusy] = useState(false)
  const run = async (verb: Verb) => {
    setBusy(true)
    const ids = jobs.filter((job) => job.can.includes(verb)).map((job) => job.id)
    if (await actOnAll(ids, verb)) onDone()
    setBusy(false)
  }
  return (
    <section class="bulk" aria-label="Selected jobs">
      <strong role="status">{counted(jobs.length, 'job')} selected</strong>
      {jobs.length < shown && (
        <button type="button" class="link" onClick={onAll}>
          Select all {shown} on this page
        </button>
      )}
      <span class="row">
        {VERB_NAMES.map((verb) => {
          const able = jobs.filter((job) => job.can.includes(verb)).length
          if (able === 0) return null
          return (
            <Button
              key={verb}
              small
              icon={VERBS[verb].icon}
              kind={verb === 'cancel' ? 'danger' : undefined}
              busy={busy}
              onClick={() => void run(verb)}
            >
              {VERBS[verb].text}
              {able < jobs.length ? ` ${able}` : ''}
            </Button>
          )
        })}
        <Button small kind="plain" icon="close" label="Clear the selection" onClick={onNone} />
      </span>
    </section>
  )
}
