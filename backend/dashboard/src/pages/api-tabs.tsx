import { Link, useLocation } from 'wouter-preact'

const TABS = { '/docs': 'REST', '/graphiql': 'GraphQL' }

/** The two APIs. */
export function ApiTabs() {
  const [path] = useLocation()
  return (
    <nav class="tabs" aria-label="APIs">
      {Object.entries(TABS).map(([href, text]) => (
        <Link key={href} href={href} aria-current={path === href ? 'page' : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  )
}
