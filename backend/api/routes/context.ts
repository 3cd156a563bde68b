import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Refusals } from '../../contract'
import type { Service } from '../../service/base/context'
import type { Live } from '../live'
import { PROBLEM } from '../problems'
import type { Guard } from '../security'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

/** What the routes work with. */
export interface Context {
  service: Service
  live: Live
  version: string
  guard: Guard
}

const faults = ({ type, body: schema }: Refusals, ...statuses: number[]) =>
  Object.fromEntries(statuses.map((status) => [status, { description: 'Refused, and why', content: { [type]: { schema } } }])) as Record<
    number,
    never
  >

/** Answers of a route besides its own: what every route may answer, and these. */
export const refusals = (...statuses: number[]) => faults(PROBLEM, 400, 401, ...statuses)

/** Answers of a source's route besides its own. */
export const routeRefusals = (manner: Refusals | undefined, ...statuses: number[]) => faults(manner ?? PROBLEM, 400, ...statuses)

/** Of a route that asks nobody for a token. */
export const openRefusals = () => faults(PROBLEM, 421)

/** The id of a job in a path; its first characters will do. */
export const jobId = z.object({ id: z.string().max(64).meta({ description: 'Id of a job, or the first characters of it' }) })
