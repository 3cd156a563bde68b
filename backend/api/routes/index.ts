import { access } from './access'
import { commands } from './commands'
import type { App, Context } from './context'
import { deadLetters } from './dead-letters'
import { events } from './events'
import { tables } from './exports'
import { health } from './health'
import { job } from './job'
import { jobLog } from './job-log'
import { jobs } from './jobs'
import { refusals } from './refusals'
import { schedules } from './schedules'
import { sourceRoutes } from './source-routes'
import { suite } from './suite'
import { webhooks } from './webhooks'

/** Every REST route. */
export function routes(app: App, context: Context): void {
  for (const add of [
    jobs,
    job,
    jobLog,
    commands,
    events,
    suite,
    deadLetters,
    refusals,
    schedules,
    webhooks,
    access,
    tables,
    health,
    sourceRoutes,
  ])
    add(app, context)
}
