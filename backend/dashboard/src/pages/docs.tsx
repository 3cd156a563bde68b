import { Page } from '../ui/page'
import { ApiTabs } from './api-tabs'

const PAGE = '/api/docs'

/** The documentation of the REST API, which is also a page of its own. */
export function Docs() {
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
      <iframe class="docs-frame card" src={`${PAGE}/`} title="Documentation of the REST API" />
    </Page>
  )
}
