import { z } from 'zod'
import { jsonIn } from '../../base/json'
import { baseUrl, positive, type Settings } from '../../contract'
import { allOf } from './platforms'

const weights = z.record(z.string().min(1), z.number().positive())

const plans = z
  .string()
  .default('{"free":1,"pro":4,"business":8}')
  .refine((text) => weights.safeParse(jsonIn(text)).success, 'must be JSON with a weight above 0 for each plan, such as {"free":1,"pro":4}')

/** The plans that have a weight. @param text of COMMERCE_PLANS */
export const plansOf = (text: string): string[] => Object.keys(weights.parse(jsonIn(text)))

/** The weight of a user's jobs. @param text of COMMERCE_PLANS */
export const weightOf = (text: string, plan: string): number => weights.parse(jsonIn(text))[plan] ?? 1

export const settings = {
  ...allOf('settings'),
  COMMERCE_PLANS: {
    schema: plans,
    about: "Share of a scarce budget by the user's plan, as JSON; a plan that it does not name has 1.",
  },
  COMMERCE_JOBS: {
    schema: positive.default(100),
    about:
      'Jobs of the source `commerce` that run at once and share the budgets by the plans of their users; others wait in order of arrival.',
  },
  COMMERCE_CALLBACK_URL: {
    schema: baseUrl('http://127.0.0.1:3000'),
    about: 'Public address of the API, where the platforms send users back after they have connected an account.',
  },
} satisfies Settings
