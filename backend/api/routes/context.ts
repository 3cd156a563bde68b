import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Service } from '../../service/base/context'
import type { Live } from '../live'
import { problem, routeProblem } from '../schemas'
import type { Guard } from '../security'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

/** What the routes work with. */
export interface Context {
  service: Service
  live: Live
  version: string
  guard: Guard
}

const faults = (schema: z.ZodType, ...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [status, { description: 'Refused, and why', content: { 'application/problem+json': { schema } } }]),
  ) as Record<number, never>

/** Answers of a route besides its own: what every route may answer, and these. */
export const refusals = (...statuses: number[]) => faults(problem, 400, 401, ...statuses)

/** Answers of a source's route besides its own. */
export const routeRefusals = (...statuses: number[]) => faults(routeProblem, 400, 401, ...statuses)

/** Of a route that asks nobody for a token. */
export const openRefusals = () => faults(problem, 421)

/** The id of a job in a path; its first characters will do. */
export const jobId = z.object({ id: z.string().max(64).meta({ description: 'Id of a job, or the first characters of it' }) })
