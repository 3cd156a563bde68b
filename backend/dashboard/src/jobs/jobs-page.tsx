import { useState } from 'preact/hooks'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { serverNow } from '../lib/clock'
import { counted } from '../lib/format'
import { Button } from '../ui/button'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { Pager } from '../ui/pager'
import { BulkBar } from './bulk-bar'
import { choiceOf, filterOf, isFiltered } from './filter'
import { Finders, StatusChips } from './filters'
import { isOutOfOrder } from './groups'
import { JobRows } from './job-rows'
import { NoJobs } from './no-jobs'
import { Strip } from './strip'
import { useJobList } from './use-job-list'

/** Home: the state of the suite and its jobs, updated live. */
export function Jobs() {
  const params = useParams()
  const { canWrite } = useMe()
  const filter = filterOf(params)
  const cursor = params.get('cursor')
  const list = useJobList(filter, cursor)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const selected = list.rows.filter((job) => chosen.has(job.id))
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(id)
    else next.delete(id)
    setAll(false)
    setChosen(next)
  }
  const none = () => {
    setAll(false)
    setChosen(new Set())
  }
  const grouped = filter.sort === 'attention'
  const moved = grouped && isOutOfOrder(list.rows, serverNow())

  return (
    <Page title="Jobs" actions={<Finders params={params} />}>
      <Strip />
      <section class="section" aria-label="List of jobs">
        <StatusChips params={params} counts={list.counts} />
        <div role="status" class="updates-row">
          {(list.fresh > 0 || moved) && (
            <Button small icon="up" onClick={() => void list.renew()}>
              {list.fresh > 0 ? counted(list.fresh, 'new job') : 'Jobs have changed: order them again'}
            </Button>
          )}
        </div>
        <Loaded of={list.fetched}>
          {() =>
            list.rows.length === 0 ? (
              <NoJobs filtered={isFiltered(filter) || cursor !== ''} />
            ) : (
              <>
                <JobRows jobs={list.rows} grouped={grouped} busy={list.fetched.busy} chosen={canWrite ? chosen : null} onChoose={choose} />
                <Pager params={params} next={list.next} total={list.total} shown={list.rows.length} what="jobs" />
                <div class="row">
                  <Export path="/api/jobs" what="jobs" filter={{ ...filter }} />
                  {canWrite && !all && (
                    <Button small onClick={() => setAll(true)}>
                      Act on all {counted(list.total, 'job')} that match
                    </Button>
                  )}
                </div>
              </>
            )
          }
        </Loaded>
      </section>
      {(selected.length > 0 || all) && (
        <BulkBar
          jobs={selected}
          choice={all ? choiceOf(filter) : null}
          shown={list.rows.length}
          total={list.total}
          onPage={() => setChosen(new Set(list.rows.map((job) => job.id)))}
          onAll={() => setAll(true)}
          onNone={none}
          onDone={() => {
            none()
            void list.renew()
          }}
        />
      )}
    </Page>
  )
}
