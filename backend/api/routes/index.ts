import { access } from './access'
import { deadLetters } from './dead-letters'
import type { App, Desk } from './desk'
import { events } from './events'
import { health } from './health'
import { job } from './job'
import { jobs } from './jobs'
import { schedules } from './schedules'
import { doors } from './source-routes'
import { suite } from './suite'
import { webhooks } from './webhooks'

/** Every REST route. */
export function routes(app: App, desk: Desk): void {
  for (const add of [jobs, job, events, suite, deadLetters, schedules, webhooks, access, health, doors]) add(app, desk)
}
