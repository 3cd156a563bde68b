import { Link } from 'wouter-preact'
import type { Limit } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count } from '../lib/format'
import { Bar } from '../ui/bar'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Name } from '../ui/name'
import { Note } from '../ui/note'
import { Page } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { LimitDetails } from './limit-details'
import { isTroubled, markOf, statesOf, summaryOf, useText } from './words'

const EVERY_MS = 3000

/** The limits of the APIs, the troubled ones first; one that is chosen in detail. */
export function Gates() {
  const params = useParams()
  const fetched = useFetch<{ items: Limit[] }>('/api/limits', { everyMs: EVERY_MS })
  // An alert names a gate: `pds:host.example`.
  const [named = '', host = ''] = params.get('q').split(/:(.*)/)
  const chosen = params.get('limit') || named
  return (
    <Page
      title="Gates"
      about="Every request passes a gate, so that all workers together stay inside the limits of each API."
      actions={<Export path="/api/gates" what="gates" />}
    >
      <Loaded of={fetched}>
        {({ items }) => {
          const limit = items.find(({ name }) => name === chosen)
          if (items.length === 0)
            return (
              <Empty title="No gates yet" icon="gate">
                <p>A gate appears when a source with an API is installed.</p>
              </Empty>
            )
          return (
            <>
              <Note tone={items.some(({ state }) => state !== 'ready') ? 'bad' : items.some(isTroubled) ? 'warn' : 'ok'}>
                {summaryOf(items)}
              </Note>
              <Limits items={items} chosen={chosen} hrefOf={(name) => params.href({ limit: name === chosen ? null : name, q: null })} />
              {limit && <LimitDetails key={limit.name} limit={limit} host={host} />}
              {chosen && !limit && <Note tone="warn">There is no limit {chosen}.</Note>}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

interface Props {
  items: Limit[]
  chosen: string
  hrefOf: (name: string) => string
}

function Limits({ items, chosen, hrefOf }: Props) {
  return (
    <Table
      caption="Limits, the troubled ones first"
      rows={items}
      id={(limit) => limit.name}
      columns={[
        {
          head: 'Limit',
          fill: true,
          cell: (limit) => (
            <>
              <Link href={hrefOf(limit.name)} aria-current={limit.name === chosen ? 'true' : undefined}>
                <Name>{limit.name}</Name>
              </Link>
              <span class="quiet small limit-text">{limit.limit}</span>
              <span class="phone-only small">
                <States limit={limit} />
              </span>
            </>
          ),
        },
        { head: 'State', from: 'tablet', cell: (limit) => <States limit={limit} /> },
        { head: 'Use', num: true, cell: (limit) => <Use limit={limit} /> },
        { head: 'Wait for the limit', num: true, cell: (limit) => count(limit.waiting.limit) },
        {
          head: 'Wait for a closed gate',
          num: true,
          cell: (limit) => <span class={limit.waiting.closed > 0 ? 'bad' : undefined}>{count(limit.waiting.closed)}</span>,
        },
        { head: 'In flight', num: true, from: 'wide', cell: (limit) => count(limit.inFlight) },
        {
          head: 'Refused by the API',
          num: true,
          from: 'wide',
          cell: (limit) => <span class={limit.throttled > 0 ? 'warn' : undefined}>{count(limit.throttled)}</span>,
        },
      ]}
    />
  )
}

const States = ({ limit }: { limit: Limit }) => (
  <>
    {statesOf(limit).map((text) => (
      <div key={text}>
        <Status state={markOf(limit)} text={text} />
      </div>
    ))}
  </>
)

/** Full use of a limit is what a backfill wants; a window that is nearly used up is not. */
function Use({ limit }: { limit: Limit }) {
  return (
    <span class="use">
      {useText(limit)}
      {limit.use !== null && <Bar label={`Use of ${limit.name}`} fraction={limit.use} tone={limit.gates.near > 0 ? 'warn' : 'ok'} />}
    </span>
  )
}
