import { type ZodType, z } from 'zod'

/** The answer to a refused request, by RFC 9457: what is wrong, where, and what to do. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    state: z.string().optional().meta({ description: 'Status of the job, where the action does not apply in that status' }),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof problem>

/** How a route answers refused requests, where its clients expect another body than the API's. */
export interface Refusals<Body = unknown> {
  /** Media type of the body: `application/json`. */
  type: string
  /** Schema of the JSON, for the OpenAPI document. */
  body: ZodType<Body>
  /** @param request its id is in the header X-Request-ID of every answer of a source's route, and in the log of an internal error */
  of(problem: Problem, request: { id: string }): Body
}

/** Checks that the parts fit together; a route does not keep the type of the body. */
export const defineRefusals = <Body>(refusals: Refusals<Body>): Refusals => refusals
