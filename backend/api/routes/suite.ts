import { listSources } from '../../service/base/registry'
import { effectOf, listDeploys } from '../../service/history/effect'
import { history } from '../../service/history/history'
import { acknowledgeAlerts, alertGroups, listAlerts } from '../../service/suite/alerts'
import { listGates } from '../../service/suite/gates'
import { listGatesOf, listLimits } from '../../service/suite/limits'
import { overview } from '../../service/suite/overview'
import { usersOf } from '../../service/suite/users'
import { listWorkers } from '../../service/suite/workers'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

const DEFAULT_MINUTES = 180
const DEFAULT_USE_MINUTES = 60

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
        ...about('getHistory', 'Get figures over time, for charts'),
        querystring: shapes.historyQuery,
        response: { 200: shapes.history, ...refusals() },
      },
    },
    async ({ query }) => await history(service, { ...query, minutes: query.minutes ?? DEFAULT_MINUTES }),
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
    '/api/limits',
    {
      schema: {
        ...about('listLimits', 'List limits with all their gates together, the troubled ones first'),
        response: { 200: shapes.limitList, ...refusals() },
      },
    },
    async () => ({ items: await listLimits(service) }),
  )
  app.get(
    '/api/limits/:name/gates',
    {
      schema: {
        ...about('listGatesOfLimit', 'List gates of one limit: one for each host, key or account'),
        params: shapes.limitName,
        querystring: shapes.gatesQuery,
        response: { 200: shapes.gatesOfLimit, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listGatesOf(service, params.name, query),
  )
  app.get(
    '/api/limits/:name/users',
    {
      schema: {
        ...about('listUsersOfLimit', 'List who used the API of a limit, the largest users first'),
        params: shapes.limitName,
        querystring: shapes.usersQuery,
        response: { 200: shapes.apiUsers, ...refusals(404) },
      },
    },
    async ({ params, query }) => await usersOf(service, params.name, query.minutes ?? DEFAULT_USE_MINUTES),
  )
  app.get(
    '/api/deploys',
    {
      schema: {
        ...about('listDeploys', 'List changes of version and restarts of a week, newest first'),
        response: { 200: shapes.deployList, ...refusals() },
      },
    },
    async () => ({ items: await listDeploys(service.db) }),
  )
  app.get(
    '/api/deploys/effect',
    {
      schema: {
        ...about('getEffectOfDeploy', 'Compare the figures before and after a deploy'),
        querystring: shapes.effectQuery,
        response: { 200: shapes.effect, ...refusals(404) },
      },
    },
    async ({ query }) => await effectOf(service.db, query.at),
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
