import { GraphiQL } from 'graphiql'
import 'graphiql/style.css'
import './place.css'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { fetcher } from './fetcher'

const FIRST = `# Ctrl+Space completes, Ctrl+Enter runs.
# The book on the left shows the schema.
{
  overview {
    jobs { running queued failed }
    rowsPerMinute
  }
  jobs(first: 5) {
    nodes { id label status sentence }
  }
}
`

/**
 * GraphiQL in an element, with React of its own: the only page that needs it loads it when it is opened.
 * @returns a function that removes it
 */
export function mount(element: HTMLElement): () => void {
  const root = createRoot(element)
  const isDark = document.documentElement.dataset.theme === 'dark'
  const isLight = document.documentElement.dataset.theme === 'light'
  root.render(
    createElement(GraphiQL, {
      fetcher,
      defaultQuery: FIRST,
      defaultEditorToolsVisibility: 'variables',
      isHeadersEditorEnabled: false,
      forcedTheme: isDark ? 'dark' : isLight ? 'light' : undefined,
    }),
  )
  return () => root.unmount()
}
