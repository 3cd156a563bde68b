import { useLocation } from 'wouter-preact'
import { patch, post, query, remove } from '../api/client'
import type { Delivery, List, Webhook } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { ask } from '../lib/ask'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page, Section } from '../ui/page'
import { Pager } from '../ui/pager'
import { Deliveries } from './deliveries'
import { Failing, HookState } from './hook-state'

const EVERY_MS = 5000

/** One webhook with its delivery log. */
export function WebhookPage({ id }: { id: string }) {
  const params = useParams()
  const hook = useFetch<Webhook>(`/api/webhooks/${id}`, { everyMs: EVERY_MS })
  const log = useFetch<List<Delivery>>(`/api/webhooks/${id}/deliveries${query({ cursor: params.get('cursor'), limit: 50 })}`, {
    everyMs: EVERY_MS,
  })
  return (
    <Loaded of={hook}>
      {(it) => (
        <Page
          title={it.url}
          back={{ href: '/webhooks', text: 'Webhooks' }}
          about={
            <span class="row">
              <HookState it={it} />
              {it.events.map((event) => (
                <code key={event} class="tag">
                  {event}
                </code>
              ))}
            </span>
          }
          actions={<Verbs it={it} onChange={() => void hook.refresh()} onTest={() => void Promise.all([hook.refresh(), log.refresh()])} />}
        >
          <Failing it={it} />
          <Section title="Deliveries">
            <Loaded of={log}>
              {({ items, next, total }) =>
                items.length === 0 ? (
                  <Empty small title="No deliveries yet" icon="send">
                    <p>Send a test to check whether the address answers.</p>
                  </Empty>
                ) : (
                  <>
                    <Deliveries hook={it} items={items} onChange={() => void log.refresh()} />
                    <Pager params={params} next={next} total={total} shown={items.length} what="deliveries" />
                  </>
                )
              }
            </Loaded>
          </Section>
        </Page>
      )}
    </Loaded>
  )
}

function Verbs({ it, onChange, onTest }: { it: Webhook; onChange: () => void; onTest: () => void }) {
  const { canWrite } = useMe()
  const [, navigate] = useLocation()
  if (!canWrite) return null
  const test = () =>
    attempt(
      () => post<Delivery>(`/api/webhooks/${it.id}/test`),
      (sent) =>
        sent.state === 'delivered' ? `The test was delivered: ${sent.status}.` : `The test was not delivered: ${sent.error ?? sent.state}`,
    ).then(onTest)
  const toggle = () =>
    attempt(
      () => patch(`/api/webhooks/${it.id}`, { active: !it.active }),
      () => (it.active ? 'The webhook is off.' : 'The webhook is on.'),
    ).then(onChange)
  const drop = async () => {
    const sure = await ask({
      title: 'Remove this webhook?',
      text: 'It will get no more events, and its delivery log is deleted.',
      action: 'Remove',
      danger: true,
    })
    if (!sure) return
    await attempt(
      () => remove(`/api/webhooks/${it.id}`),
      () => 'Webhook removed.',
    )
    navigate('/webhooks')
  }
  return (
    <>
      <Button icon="send" onClick={() => void test()}>
        Send a test
      </Button>
      <Button icon={it.active ? 'pause' : 'play'} onClick={() => void toggle()}>
        {it.active ? 'Turn off' : 'Turn on'}
      </Button>
      <Button kind="danger" icon="bin" label="Remove this webhook" onClick={() => void drop()} />
    </>
  )
}
