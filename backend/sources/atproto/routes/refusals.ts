import { z } from 'zod'
import { defineRefusals, problem } from '../../../contract'

/** Users of these routes know errors by one field; the rest of the problem comes with it. */
export const refusals = defineRefusals({
  type: 'application/problem+json',
  body: problem
    .extend({ error: z.string().meta({ description: 'The same as `detail`, for programs that read errors from this field' }) })
    .meta({ id: 'RouteProblem' }),
  of: (found) => ({ ...found, error: found.detail }),
})
