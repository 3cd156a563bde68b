import type { Workers as Answer, WorkerInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { counted } from '../lib/format'
import { useOverview } from '../shell/overview'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Note } from '../ui/note'
import { Page, Section } from '../ui/page'
import { Queues } from './queues'
import { WorkerCard } from './worker-card'

const EVERY_MS = 3000

/** The processes that do the work; what is missing comes first. */
export function Workers() {
  const fetched = useFetch<Answer>('/api/workers', { everyMs: EVERY_MS })
  const queues = useOverview()?.queues ?? []
  return (
    <Page
      title="Workers"
      about="Each heartbeats every five seconds. One that misses two heartbeats is taken for dead, and its tasks are handed to others."
    >
      <Loaded of={fetched}>
        {(data) => (
          <>
            <Missing data={data} />
            <Section title="Running" aside={`${counted(data.items.length, 'worker')}, ${counted(data.schedulers, 'scheduler')}`}>
              {data.items.length === 0 ? (
                <Empty small title="No worker runs" icon="worker">
                  <p>
                    Start them all with <code>pm2 start ecosystem.config.js</code>.
                  </p>
                </Empty>
              ) : (
                <ul class="cards">
                  {[...data.items].sort(deadFirst).map((worker) => (
                    <WorkerCard key={worker.id} worker={worker} />
                  ))}
                </ul>
              )}
            </Section>
          </>
        )}
      </Loaded>
      {queues.length > 0 && <Queues queues={queues} />}
    </Page>
  )
}

const deadFirst = (a: WorkerInfo, b: WorkerInfo): number =>
  Number(a.alive) - Number(b.alive) || b.holding.length - a.holding.length || a.app.localeCompare(b.app)

function Missing({ data }: { data: Answer }) {
  const missing = data.apps.filter((app) => app.alive === 0)
  if (missing.length === 0 && data.schedulers > 0) return null
  return (
    <div class="stack tight">
      {data.schedulers === 0 && (
        <Note tone="bad">
          <b>No scheduler runs</b>: nothing is rung, rescued or ended. Start it with{' '}
          <code>pm2 start ecosystem.config.js --only scheduler</code>.
        </Note>
      )}
      {missing.map((app) => (
        <Note key={app.app} tone="warn">
          <b>{app.app}</b> does not run, so nobody takes tasks from {app.queues.join(', ')}. Start it with{' '}
          <code>pm2 start ecosystem.config.js --only {app.app}</code>.
        </Note>
      ))}
    </div>
  )
}
