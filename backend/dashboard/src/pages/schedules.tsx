import { useState } from 'preact/hooks'
import type { Schedule } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { ScheduleCard } from './schedule-card'
import { ScheduleDialog } from './schedule-dialog'

const EVERY_MS = 10_000

/** Backfills at fixed times. */
export function Schedules() {
  const { canWrite } = useMe()
  const [adding, setAdding] = useState(false)
  const fetched = useFetch<{ items: Schedule[] }>('/api/schedules', { everyMs: EVERY_MS })
  const add = (
    <>
      <Export path="/api/schedules" what="schedules" />
      {canWrite && (
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add a schedule
        </Button>
      )}
    </>
  )
  return (
    <Page title="Schedules" about="Backfills at fixed times. Each tick starts one job, however many schedulers run." actions={add}>
      <Loaded of={fetched}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No schedules" icon="clock">
              <p>A schedule repeats a backfill, for example every night. Data that is already stored is not fetched again.</p>
            </Empty>
          ) : (
            <ul class="cards">
              {items.map((it) => (
                <ScheduleCard key={it.id} it={it} onChange={() => void fetched.refresh()} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {adding && (
        <ScheduleDialog
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false)
            void fetched.refresh()
          }}
        />
      )}
    </Page>
  )
}
