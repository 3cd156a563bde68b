import type { Gate } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { GateCard } from './gate-card'

const EVERY_MS = 3000
const shut = (gate: Gate): boolean => gate.state !== 'ready'

/** The limits of the APIs: what is left of each, and who uses it. Blocked and tripped ones come first, then those in use. */
export function Gates() {
  const fetched = useFetch<{ items: Gate[] }>('/api/gates', { everyMs: EVERY_MS })
  return (
    <Page title="Gates" about="Every request waits here for its moment, so that all workers together stay inside each API's limits.">
      <Loaded of={fetched}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No API is asked yet" icon="gate">
              <p>A gate shows up when its source is part of this Backhaul.</p>
            </Empty>
          ) : (
            <ul class="cards">
              {[...items]
                .sort((a, b) => Number(shut(b)) - Number(shut(a)) || b.users.length - a.users.length)
                .map((gate) => (
                  <GateCard key={gate.name} gate={gate} />
                ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  )
}
