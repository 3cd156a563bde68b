import type { CommandEstimate } from '../api/types'
import { count, counted, duration } from '../lib/format'
import { Note } from '../ui/note'
import { Requests } from './estimate-card'
import type { Estimated } from './use-estimate'

interface Props {
  of: Estimated<CommandEstimate>
  /** Different ids. */
  given: number
  /** Ids that were given before. */
  doubled: number
  noun: string
}

/** What all ids together would cost, before anything is queued. */
export function ManyEstimate({ of, given, doubled, noun }: Props) {
  const it = of.estimate
  return (
    <section class="section" aria-label="Estimate" aria-live="polite" aria-busy={of.busy}>
      <h2>Estimate</h2>
      {given > 0 && (
        <p class="small soft">
          {counted(given, 'id')}
          {doubled > 0 && `; ${count(doubled)} given twice`}
        </p>
      )}
      {it ? (
        <>
          <p>
            <b>{counted(it.requests, noun)}</b>
            {noun === 'job' ? `, ${counted(it.tasks, 'first task')}` : ` in ${counted(it.tasks, 'batch', 'batches')}`}
            {it.leastMs !== null && (
              <>
                , at least <b>{duration(it.leastMs)}</b> at the current limits
              </>
            )}
            .
          </p>
          {it.active > 0 && (
            <Note tone="info">
              {counted(it.active, 'job')} of these {it.active === 1 ? 'is' : 'are'} active already; {it.active === 1 ? 'it is' : 'they are'}{' '}
              not queued twice.
            </Note>
          )}
          <Requests rows={it.apis} notes={it.notes} />
        </>
      ) : of.problem ? (
        <Note tone="bad">{of.problem.message}</Note>
      ) : (
        <p class="soft small">{of.busy ? 'Counting…' : 'Paste ids to see jobs, requests and time before anything starts.'}</p>
      )}
    </section>
  )
}
