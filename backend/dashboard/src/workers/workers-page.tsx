import type { Workers as Answer } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { counted } from '../lib/format'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Note } from '../ui/note'
import { Page, Section } from '../ui/page'
import { Apps } from './apps'
import { isMissing, unreachableFirst } from './order'
import { Queues } from './queues'
import { WorkerCard } from './worker-card'

const EVERY_MS = 3000

/** The worker processes and their queues; what is missing comes first. */
export function Workers() {
  const fetched = useFetch<Answer>('/api/workers', { everyMs: EVERY_MS })
  return (
    <Page
      title="Workers"
      about="Each worker sends a heartbeat every five seconds. After two missed heartbeats it counts as dead, and others take over its tasks."
      actions={
        <>
          <Button small icon="chart" href="/charts">
            What the last deploy changed
          </Button>
          <Export path="/api/workers" what="workers" />
        </>
      }
    >
      <Loaded of={fetched}>
        {(data) => (
          <>
            <Missing data={data} />
            <Section title="Processes" extra={`${counted(data.items.length, 'worker')}, ${counted(data.schedulers, 'scheduler')}`}>
              {data.items.length === 0 ? (
                <Empty small title="No worker is running" icon="worker">
                  <p>
                    Start all of them with <code>pm2 start ecosystem.config.js</code>.
                  </p>
                </Empty>
              ) : (
                <ul class="cards">
                  {data.items.toSorted(unreachableFirst).map((worker) => (
                    <WorkerCard key={worker.id} worker={worker} />
                  ))}
                </ul>
              )}
            </Section>
            <Apps apps={data.apps} />
          </>
        )}
      </Loaded>
      <Queues />
    </Page>
  )
}

/** A command, which is broken after a space or a comma only. */
function Command({ text }: { text: string }) {
  return (
    <code>
      {text.split(/(?<=[ ,])/).map((word) => (
        <>
          <span class="nowrap">{word}</span>
          <wbr />
        </>
      ))}
    </code>
  )
}

function Missing({ data }: { data: Answer }) {
  const missing = data.apps.filter(isMissing).map(({ app }) => app)
  const workers = data.apps.filter(({ alive }) => alive !== null).length
  if (missing.length === 0 && data.schedulers > 0) return null
  return (
    <div class="stack tight">
      {data.schedulers === 0 && (
        <Note tone="bad">
          <b>No scheduler is running</b>: lost tasks are not rescued, and no job ends. Start one with{' '}
          <Command text="pm2 start ecosystem.config.js --only scheduler" />.
        </Note>
      )}
      {missing.length > 0 && (
        <Note tone="warn">
          <b>
            {missing.length} of {counted(workers, 'worker')} {missing.length === 1 ? 'is' : 'are'} not running
          </b>
          , so nobody takes their tasks. Start {missing.length === 1 ? 'it' : 'them'} with{' '}
          <Command text={`pm2 start ecosystem.config.js --only ${missing.join()}`} />.
        </Note>
      )}
    </div>
  )
}
