import { useEffect } from 'preact/hooks'
import { Route, Switch } from 'wouter-preact'
import { connection, session, whoAmI } from './api/client'
import { Charts } from './charts/charts-page'
import { Gates } from './gates/gates-page'
import { Job } from './job/job-page'
import { Jobs } from './jobs/jobs-page'
import { useStore } from './lib/store'
import { Activity } from './pages/activity'
import { DeadLetters } from './pages/dead-letters'
import { Docs } from './pages/docs'
import { GraphqlPage } from './pages/graphql'
import { NotFound } from './pages/not-found'
import { SchedulePage } from './pages/schedule'
import { Schedules } from './pages/schedules'
import { WebhookPage } from './pages/webhook'
import { Webhooks } from './pages/webhooks'
import { Banner } from './shell/banner'
import { Login } from './shell/login'
import { Shell } from './shell/shell'
import { Start } from './start/start-page'
import { Workers } from './workers/workers-page'

const RETRY_MS = 2000

/** The login or the pages, as the server decides; asked again until it answers. */
export function App() {
  const me = useStore(session)
  const { lost, times } = useStore(connection)
  // After an outage the server may no longer know this session.
  useEffect(() => void whoAmI(), [times])
  // On the login page nothing else sends requests.
  const asks = me === null || (me === 'out' && lost !== null)
  useEffect(() => {
    if (!asks) return
    const timer = setInterval(() => void whoAmI(), RETRY_MS)
    return () => clearInterval(timer)
  }, [asks])

  if (me === null) return <Banner />
  if (me === 'out') return <Login />
  return (
    <Shell>
      <Switch>
        <Route path="/" component={Jobs} />
        <Route path="/jobs/:id">{({ id }) => <Job key={id} id={id} />}</Route>
        <Route path="/new" component={Start} />
        <Route path="/charts" component={Charts} />
        <Route path="/gates" component={Gates} />
        <Route path="/workers" component={Workers} />
        <Route path="/dead-letters" component={DeadLetters} />
        <Route path="/schedules" component={Schedules} />
        <Route path="/schedules/:id">{({ id }) => <SchedulePage key={id} id={id} />}</Route>
        <Route path="/webhooks" component={Webhooks} />
        <Route path="/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
        <Route path="/activity" component={Activity} />
        <Route path="/docs" component={Docs} />
        <Route path="/graphiql" component={GraphqlPage} />
        <Route component={NotFound} />
      </Switch>
    </Shell>
  )
}
