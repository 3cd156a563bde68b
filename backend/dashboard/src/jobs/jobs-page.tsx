import { useState } from 'preact/hooks'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { counted } from '../lib/format'
import { Button } from '../ui/button'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { Pager } from '../ui/pager'
import { BulkBar } from './bulk-bar'
import { Finders, StatusChips } from './filters'
import { JobRow } from './job-row'
import { NoJobs } from './no-jobs'
import { Strip } from './strip'
import { useJobList } from './use-job-list'

/** Home: the state of the suite and its jobs, updated live. */
export function Jobs() {
  const params = useParams()
  const { canWrite } = useMe()
  const filter = { status: params.get('status'), source: params.get('source'), q: params.get('q'), cursor: params.get('cursor') }
  const list = useJobList(filter)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const selected = list.rows.filter((job) => chosen.has(job.id))
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(id)
    else next.delete(id)
    setChosen(next)
  }

  return (
    <Page title="Jobs" actions={<Finders params={params} />}>
      <Strip />
      <section class="section" aria-label="List of jobs">
        <StatusChips params={params} counts={list.counts} />
        <div role="status" class="updates-row">
          {list.fresh > 0 && (
            <Button small icon="up" onClick={() => void list.renew()}>
              {counted(list.fresh, 'new job')}
            </Button>
          )}
        </div>
        <Loaded of={list.fetched}>
          {() =>
            list.rows.length === 0 ? (
              <NoJobs filtered={Boolean(filter.status || filter.source || filter.q || filter.cursor)} />
            ) : (
              <>
                <ul class="card jobs" aria-busy={list.fetched.busy}>
                  {list.rows.map((job) => (
                    <JobRow key={job.id} job={job} chosen={canWrite ? chosen.has(job.id) : null} onChoose={choose} />
                  ))}
                </ul>
                <Pager params={params} next={list.next} total={list.total} shown={list.rows.length} what="jobs" />
              </>
            )
          }
        </Loaded>
      </section>
      {selected.length > 0 && (
        <BulkBar
          jobs={selected}
          shown={list.rows.length}
          onAll={() => setChosen(new Set(list.rows.map((job) => job.id)))}
          onNone={() => setChosen(new Set())}
          onDone={() => {
            setChosen(new Set())
            void list.fetched.refresh()
          }}
        />
      )}
    </Page>
  )
}
