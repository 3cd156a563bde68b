import { z } from 'zod'
import { baseUrl, type Settings } from '../../contract'
import { allOf } from './platforms'

const WEIGHTS = 'must be JSON with a weight above 0 for each plan, such as {"free":1,"pro":4}'

const plans = z
  .string()
  .default('{"free":1,"pro":4,"business":8}')
  .transform((text, ctx) => {
    const weights = z.record(z.string().min(1), z.number().positive()).safeParse(jsonOf(text))
    if (weights.success) return weights.data
    ctx.addIssue({ code: 'custom', message: WEIGHTS })
    return z.NEVER
  })

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export const settings = {
  ...allOf('settings'),
  COMMERCE_PLANS: {
    schema: plans,
    about: "Share of a scarce budget by the user's plan, as JSON; a plan that it does not name has 1.",
  },
  COMMERCE_CALLBACK_URL: {
    schema: baseUrl('http://127.0.0.1:3000'),
    about: 'Public address of the API, where the platforms send users back after they have connected an account.',
  },
} satisfies Settings
