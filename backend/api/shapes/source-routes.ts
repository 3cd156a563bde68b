import { z } from 'zod'
import { problem } from './common'

export const routeProblem = problem
  .extend({ error: z.string().meta({ description: 'The same as `detail`, for programs that know errors by this field' }) })
  .meta({ id: 'RouteProblem' })
