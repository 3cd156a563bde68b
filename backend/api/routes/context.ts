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
  Object.fromEntries(
    statuses.map((status) => [status, { description: 'The request was refused; the body says why', content: { [type]: { schema } } }]),
  ) as Record<number, never>

/** Error answers of a route: these, and those of every route. */
export const refusals = (...statuses: number[]) => faults(PROBLEM, 400, 401, ...statuses)

/** Answers of a source's route besides its own. */
export const routeRefusals = (manner: Refusals | undefined, ...statuses: number[]) => faults(manner ?? PROBLEM, 400, ...statuses)

/** Error answers of a route that needs no token. */
export const openRefusals = () => faults(PROBLEM, 421)

/** The id of a job in a path; its first characters are enough. */
export const jobId = z.object({ id: z.string().max(64).meta({ description: 'Id of a job, or at least its first four characters' }) })
