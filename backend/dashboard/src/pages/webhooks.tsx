import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { Webhook } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { Ago } from '../ui/time'
import { Unbroken } from '../ui/unbroken'
import { HookState } from './hook-state'
import { WebhookDialog } from './webhook-dialog'

const EVERY_MS = 10_000

/** Addresses that get events over HTTP. */
export function Webhooks() {
  const { canWrite } = useMe()
  const [adding, setAdding] = useState(false)
  const fetched = useFetch<{ items: Webhook[] }>('/api/webhooks', { everyMs: EVERY_MS })
  const add = canWrite && (
    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
      Add a webhook
    </Button>
  )
  return (
    <Page
      title="Webhooks"
      about="Addresses that get an event when jobs end, fail or stall. Events are signed, and retried until the address accepts them."
      actions={add}
    >
      <Loaded of={fetched}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No webhooks" icon="hook">
              <p>Add the address of a chat, pager or service of yours, select the events, and send a test.</p>
            </Empty>
          ) : (
            <Table
              caption="Webhooks"
              file={{ path: '/api/webhooks' }}
              rows={items}
              id={(row) => row.id}
              columns={[
                {
                  head: 'Address',
                  fill: true,
                  cell: (row) => (
                    <Link href={`/webhooks/${row.id}`} class="break">
                      <Unbroken text={row.url} />
                    </Link>
                  ),
                },
                { head: 'Events', from: 'tablet', cell: (row) => row.events.map((event) => <code key={event}>{event} </code>) },
                { head: 'State', cell: (row) => <HookState it={row} /> },
                { head: 'Last', cell: (row) => <Last it={row.lastDelivery} /> },
              ]}
            />
          )
        }
      </Loaded>
      {adding && (
        <WebhookDialog
          onClose={() => {
            setAdding(false)
            void fetched.refresh()
          }}
        />
      )}
    </Page>
  )
}

function Last({ it }: { it: Webhook['lastDelivery'] }) {
  if (!it) return <span class="quiet">none</span>
  return (
    <span class="nowrap">
      <Status state={it.state} /> <span class="quiet">{it.triedAt && <Ago at={it.triedAt} />}</span>
    </span>
  )
}
