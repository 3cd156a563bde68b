import { useEffect, useRef, useState } from 'preact/hooks'
import { Note } from '../ui/note'
import { Page } from '../ui/page'
import { ApiTabs } from './api-tabs'

/** GraphiQL, loaded when this page is opened. */
export function GraphqlPage() {
  const place = useRef<HTMLDivElement>(null)
  const [fault, setFault] = useState('')
  const [ready, setReady] = useState(false)
  useEffect(() => {
    let unmount: (() => void) | undefined
    let isGone = false
    import('../graphiql/mount').then(
      ({ mount }) => {
        if (isGone || !place.current) return
        unmount = mount(place.current)
        setReady(true)
      },
      // Expected: the server is unreachable, or has been updated since this page was loaded.
      () => setFault('GraphiQL could not be loaded. Reload the page once the server answers.'),
    )
    return () => {
      isGone = true
      unmount?.()
    }
  }, [])
  return (
    <Page title="GraphQL" about="Queries, mutations and subscriptions of this Backhaul, with your session.">
      <ApiTabs />
      {fault && <Note tone="bad">{fault}</Note>}
      <section class="graphiql-place card" ref={place} aria-label="GraphiQL" aria-busy={!ready && !fault} hidden={fault !== ''} />
    </Page>
  )
}
