import { listSources } from '../../service/base/registry'
import { acknowledgeAlerts, alertGroups, listAlerts } from '../../service/suite/alerts'
import { listGates } from '../../service/suite/gates'
import { history } from '../../service/suite/history'
import { overview } from '../../service/suite/overview'
import { listWorkers } from '../../service/suite/workers'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

const DEFAULT_MINUTES = 180

/** Sources, workers, limits and figures of the whole suite. */
export function suite(app: App, { service }: Context): void {
  const about = (operationId: string, summary: string) => ({ tags: ['suite'], operationId, summary, querystring: shapes.noQuery })
  app.get(
    '/api/sources',
    {
      schema: {
        ...about('listSources', 'List sources with the form of their params'),
        response: { 200: shapes.sourceList, ...refusals() },
      },
    },
    async () => ({ items: await listSources(service) }),
  )
  app.get(
    '/api/overview',
    { schema: { ...about('getOverview', 'Get the figures of the whole suite'), response: { 200: shapes.overview, ...refusals() } } },
    async () => await overview(service),
  )
  app.get(
    '/api/history',
    {
      schema: {
        ...about('getHistory', 'Get figures by minute, for charts'),
        querystring: shapes.historyQuery,
        response: { 200: shapes.history, ...refusals() },
      },
    },
    async ({ query }) => await history(service.db, query.minutes ?? DEFAULT_MINUTES),
  )
  app.get(
    '/api/gates',
    {
      schema: {
        ...about('listGates', 'List limits, what is used of each, and by which jobs'),
        response: { 200: shapes.gateList, ...refusals() },
      },
    },
    async () => ({ items: await listGates(service) }),
  )
  app.get(
    '/api/workers',
    { schema: { ...about('listWorkers', 'List workers and the tasks they hold'), response: { 200: shapes.workerList, ...refusals() } } },
    async () => await listWorkers(service),
  )
  app.get(
    '/api/alerts',
    {
      schema: {
        ...about('listAlerts', 'List active alerts, oldest first'),
        querystring: shapes.alertQuery,
        response: { 200: shapes.alertList, ...refusals() },
      },
    },
    async ({ query: { kind, ...ask } }) => await listAlerts(service, { kind }, ask),
  )
  app.get(
    '/api/alerts/groups',
    {
      schema: {
        ...about('listAlertGroups', 'List active alerts by kind, those that nobody has acknowledged first'),
        response: { 200: shapes.alertGroups, ...refusals() },
      },
    },
    async () => ({ groups: await alertGroups(service) }),
  )
  app.post(
    '/api/alerts/acknowledge',
    {
      schema: {
        tags: ['suite'],
        operationId: 'acknowledgeAlerts',
        summary: 'Acknowledge alerts of a kind: everybody sees who knows of them, until they end',
        body: shapes.alertChoice,
        response: { 200: shapes.acknowledged, ...refusals(403) },
      },
    },
    async (request) => {
      const { undo, ...choice } = request.body
      return { changed: await acknowledgeAlerts(service, actorOf(request), choice, undo) }
    },
  )
}
