import type { Gate } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { GateCard } from './gate-card'

const EVERY_MS = 3000
const isClosed = (gate: Gate): boolean => gate.state !== 'ready'

/** The limits of the APIs with their use. Blocked and tripped ones come first, then those in use. */
export function Gates() {
  const fetched = useFetch<{ items: Gate[] }>('/api/gates', { everyMs: EVERY_MS })
  return (
    <Page
      title="Gates"
      about="Every request passes a gate, so that all workers together stay inside the limits of each API."
      actions={<Export path="/api/gates" what="gates" />}
    >
      <Loaded of={fetched}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No gates yet" icon="gate">
              <p>A gate appears when a source with an API is installed.</p>
            </Empty>
          ) : (
            <ul class="cards">
              {[...items]
                .sort((a, b) => Number(isClosed(b)) - Number(isClosed(a)) || b.users.length - a.users.length)
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
