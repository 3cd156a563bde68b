import { post } from '../api/client'
import type { Delivery, Webhook } from '../api/types'
import { useMe } from '../hooks/use-me'
import { count, duration, pretty } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { Ago, Countdown } from '../ui/time'

/** Deliveries with their answers and retries. */
export function Deliveries({ hook, items, onChange }: { hook: Webhook; items: Delivery[]; onChange: () => void }) {
  const { canWrite } = useMe()
  const again = (it: Delivery) =>
    attempt(
      () => post<object>(`/api/webhooks/${hook.id}/deliveries/${it.id}/retry`),
      () => 'Sent again.',
    ).then(onChange)
  return (
    <Table
      caption="Deliveries"
      file={{ path: `/api/webhooks/${hook.id}/deliveries` }}
      rows={items}
      id={(row) => row.id}
      columns={[
        { head: 'State', cell: (row) => <Status state={row.state} /> },
        { head: 'Event', fill: true, cell: (row) => <Event row={row} /> },
        { head: 'Answer', num: true, from: 'tablet', cell: (row) => row.status ?? '–' },
        { head: 'Took', num: true, from: 'tablet', cell: (row) => duration(row.tookMs) },
        { head: 'Tries', num: true, from: 'tablet', cell: (row) => count(row.attempts) },
        { head: 'When', from: 'tablet', cell: (row) => <Ago at={row.triedAt ?? row.createdAt} /> },
        canWrite && {
          head: 'Retry',
          cell: (row) => <Button small icon="retry" label={`Send ${row.key} again`} onClick={() => void again(row)} />,
        },
      ]}
    />
  )
}

function Event({ row }: { row: Delivery }) {
  return (
    <>
      <code>{row.key}</code>
      <div class="phone-only soft small">
        <Ago at={row.triedAt ?? row.createdAt} />
      </div>
      <div>
        {row.error && <span class={row.state === 'failed' ? 'bad break' : 'warn break'}>{row.error}</span>}
        {row.state === 'pending' && row.nextAt && (
          <span class="soft">
            {row.error && ' · '}next try <Countdown until={row.nextAt} />
          </span>
        )}
      </div>
      <details>
        <summary class="tiny">Body</summary>
        <pre class="code">{pretty(row.payload)}</pre>
      </details>
    </>
  )
}
