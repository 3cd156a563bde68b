import { type ZodType, z } from 'zod'

/** What a refused request is answered, as RFC 9457 has it: what is wrong, where, and what to do. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    state: z.string().optional().meta({ description: 'Where the job stands that a verb did not fit' }),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof problem>

/** How a route answers what it refuses, where its users know another body than the API's. */
export interface Refusals<Body = unknown> {
  /** Media type of the body: `application/json`. */
  type: string
  /** As JSON has it, for the OpenAPI document. */
  body: ZodType<Body>
  /** @param request every answer of a source's route names its id in the header X-Request-ID, and the log by an internal error */
  of(problem: Problem, request: { id: string }): Body
}

/** Keeps the type of the body while a route forgets it. */
export const defineRefusals = <Body>(refusals: Refusals<Body>): Refusals => refusals
