import { useState } from 'preact/hooks'
import type { JobDetail } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useLive } from '../hooks/use-live'
import { useParams } from '../hooks/use-params'
import { useTitle } from '../hooks/use-title'
import { percent, upper } from '../lib/format'
import { newer } from '../lib/newer'
import { isActive } from '../lib/verbs'
import { Loaded } from '../ui/loaded'
import { Back } from '../ui/page'
import { Failures } from './failures'
import { Grid } from './grid'
import { JobHead } from './job-head'
import { Log } from './log'
import { Now } from './now'
import { ParamsTab } from './params-tab'
import { Rejects } from './rejects'
import { ReportTab } from './report-tab'
import { Tabs } from './tabs'
import { Tasks } from './tasks'
import { Timeline } from './timeline'

/** One job, updated live. */
export function Job({ id }: { id: string }) {
  const fetched = useFetch<JobDetail>(`/api/jobs/${encodeURIComponent(id)}`, { choose: newer })
  const [ended, setEnded] = useState(0)
  const job = fetched.data
  useLive(job && isActive(job.status) ? `/api/jobs/${job.id}/events` : null, {
    job: (next: JobDetail) => fetched.put(next),
    end: () => {
      setEnded((n) => n + 1)
      void fetched.refresh()
    },
  })
  useTitle(job ? `${job.status === 'running' && job.fraction !== null ? `${percent(job.fraction)} · ` : ''}${upper(job.label)}` : 'Job')
  return (
    <div class="page">
      <Back href="/" text="Jobs" />
      <Loaded of={fetched}>
        {(data) => (
          <>
            <JobHead job={data} onChange={() => void fetched.refresh()} />
            <Parts key={ended} job={data} onChange={() => void fetched.refresh()} />
          </>
        )}
      </Loaded>
    </div>
  )
}

function Parts({ job, onChange }: { job: JobDetail; onChange: () => void }) {
  const params = useParams()
  const tab = params.get('tab') || (job.report ? 'report' : 'now')
  return (
    <>
      <Tabs job={job} tab={tab} />
      <div class="job-part">
        {tab === 'now' && <Now job={job} />}
        {tab === 'tasks' && <Tasks job={job} />}
        {tab === 'failures' && <Failures job={job} onChange={onChange} />}
        {tab === 'timeline' && <Timeline job={job} />}
        {tab === 'log' && <Log job={job} />}
        {tab === 'grid' && <Grid job={job} />}
        {tab === 'rejects' && <Rejects job={job} />}
        {tab === 'report' && <ReportTab job={job} onChange={onChange} />}
        {tab === 'params' && <ParamsTab job={job} />}
      </div>
    </>
  )
}
