import { useState } from 'preact/hooks'
import { connection } from '../api/client'
import { useStore } from '../lib/store'
import { Note } from '../ui/note'
import { Page } from '../ui/page'
import { ApiTabs } from './api-tabs'

const PAGE = '/api/docs'

/** The documentation of the REST API, which is also a page of its own. */
export function Docs() {
  const { lost } = useStore(connection)
  const [isLoaded, setLoaded] = useState(false)
  return (
    <Page
      title="REST API"
      about={
        <>
          Every route with its parameters and answers. Programs read <a href="/api/openapi.json">openapi.json</a>; the same page{' '}
          <a href={PAGE}>by itself</a>.
        </>
      }
    >
      <ApiTabs />
      {lost !== null && !isLoaded ? (
        <Note tone="bad">The documentation is shown once the server answers. {lost}</Note>
      ) : (
        <iframe class="docs-frame card" src={`${PAGE}/`} title="Documentation of the REST API" onLoad={() => setLoaded(true)} />
      )}
    </Page>
  )
}
