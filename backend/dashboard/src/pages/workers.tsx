import type { Workers as Answer, WorkerInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { counted } from '../lib/format'
import { useOverview } from '../shell/overview'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Note } from '../ui/note'
import { Page, Section } from '../ui/page'
import { Queues } from './queues'
import { WorkerCard } from './worker-card'

const EVERY_MS = 3000

/** The worker processes; missing ones come first. */
export function Workers() {
  const fetched = useFetch<Answer>('/api/workers', { everyMs: EVERY_MS })
  const queues = useOverview()?.queues ?? []
  return (
    <Page
      title="Workers"
      about="Each worker sends a heartbeat every five seconds. After two missed heartbeats it counts as dead, and others take over its tasks."
      actions={<Export path="/api/workers" what="workers" />}
    >
      <Loaded of={fetched}>
        {(data) => (
          <>
            <Missing data={data} />
            <Section title="Running" extra={`${counted(data.items.length, 'worker')}, ${counted(data.schedulers, 'scheduler')}`}>
              {data.items.length === 0 ? (
                <Empty small title="No worker is running" icon="worker">
                  <p>
                    Start all of them with <code>pm2 start ecosystem.config.js</code>.
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
          <b>No scheduler is running</b>: lost tasks are not rescued, and no job ends. Start one with{' '}
          <code>pm2 start ecosystem.config.js --only scheduler</code>.
        </Note>
      )}
      {missing.map((app) => (
        <Note key={app.app} tone="warn">
          <b>{app.app}</b> is not running, so no worker takes tasks from {app.queues.join(', ')}. Start it with{' '}
          <code>pm2 start ecosystem.config.js --only {app.app}</code>.
        </Note>
      ))}
    </div>
  )
}
